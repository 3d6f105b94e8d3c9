/** Typed configuration from environment variables (12-factor); every fault is reported at once. */

import { findDatabaseFault, findNodesFault, findUrlFault } from './kernel/check-url'
import { asBrowsersSay, findOriginFault } from './kernel/origins'

export type FriendsRule = 'following' | 'mutual'
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

export type Config = Readonly<{
  port: number
  host: string
  /** Processes that serve the port together. */
  webConcurrency: number
  databaseUrl: string
  /** False behind a pooler in transaction mode: no prepared statements, no settings at connection. */
  databasePrepare: boolean
  /** For what needs a session of its own, when `databaseUrl` is a pooler. */
  databaseMigrationUrl: string
  /** A copy that may lag; asked for stats and search candidates alone. */
  databaseReplicaUrl: string | null
  /** One Redis, or several nodes of a Cluster with commas between. */
  redisUrl: string
  s3: Readonly<{
    endpoint: string
    publicEndpoint: string
    region: string
    bucket: string
    accessKeyId: string
    secretAccessKey: string
    forcePathStyle: boolean
  }>
  jwtSecret: string
  jwtSecretPrevious: string | null
  accessTokenTtlSeconds: number
  refreshTokenTtlSeconds: number
  storyTtlSeconds: number
  friendsRule: FriendsRule
  mediaMaxBytes: number
  mediaContentTypes: readonly string[]
  uploadUrlTtlSeconds: number
  feedCacheSeconds: number
  feedLeaseMs: number
  rateLimitsPerMin: Readonly<{
    stories: number
    reactions: number
    uploads: number
    search: number
    follows: number
    logins: number
    signups: number
  }>
  eventsMaxStreamsPerUser: number
  corsOrigins: readonly string[]
  metricsToken: string | null
  /** A second door of the API for scrapers alone, without a token; 0 is none. */
  metricsPort: number
  retentionDays: number
  trustedProxyHops: number
  logLevel: LogLevel
  workerIntervalSeconds: number
  workerBatchSize: number
  workerMetricsPort: number
}>

/** Thrown by `parseConfig`; `faults` holds one readable line per bad variable. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`Configuration is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
  }
}

export const DEFAULT_MEDIA_CONTENT_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'image/avif',
  'video/mp4',
  'video/webm',
  'video/quicktime',
] as const

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const FRIENDS_RULES = ['following', 'mutual'] as const
const POSTGRES_PROTOCOLS = ['postgres:', 'postgresql:'] as const
const DAY_SECONDS = 86_400

type Env = Readonly<Record<string, string | undefined>>

/**
 * Reads and checks all variables of the contract.
 *
 * @param env variable names to raw text; an empty text counts as not given
 * @returns the frozen configuration (seconds, bytes and per-minute counts as the names say)
 * @throws ConfigError listing every variable that is missing or not usable
 */
export function parseConfig(env: Env): Config {
  const faults: string[] = []
  const raw = (name: string) => env[name]?.trim() || undefined
  const fault = (name: string, problem: string) => faults.push(`${name} ${problem}`)

  const text = (name: string, fallback?: string): string => {
    const value = raw(name) ?? fallback
    if (value === undefined) fault(name, 'is required')
    return value ?? ''
  }
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const value = raw(name)
    if (value === undefined) return fallback
    const parsed = Number(value)
    if (!/^\d+$/.test(value) || parsed < min || parsed > max) {
      fault(name, `must be a whole number from ${min} to ${max}`)
      return fallback
    }
    return parsed
  }
  const flag = (name: string, fallback: boolean): boolean => {
    const value = raw(name)?.toLowerCase()
    if (value === undefined) return fallback
    if (['true', '1'].includes(value)) return true
    if (['false', '0'].includes(value)) return false
    fault(name, 'must be true or false')
    return fallback
  }
  const oneOf = <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = raw(name)
    if (value === undefined) return fallback
    const match = allowed.find((item) => item === value)
    if (match === undefined) fault(name, `must be one of ${allowed.join(', ')}`)
    return match ?? fallback
  }
  const list = (name: string, fallback: readonly string[]): readonly string[] => {
    const value = raw(name)
    if (value === undefined) return fallback
    return value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }
  const url = (name: string, protocols: readonly string[], findFault = findUrlFault): string => {
    const value = raw(name)
    if (value === undefined) {
      fault(name, 'is required')
      return ''
    }
    const found = findFault(value, protocols)
    if (found !== null) fault(name, found)
    return value
  }
  const secret = (name: string, required: boolean): string | null => {
    const value = env[name] || undefined
    if (value === undefined) {
      if (required) fault(name, 'is required (at least 32 bytes)')
      return null
    }
    if (Buffer.byteLength(value) < 32) fault(name, 'must be at least 32 bytes long')
    return value
  }

  const urlOr = <T>(name: string, protocols: readonly string[], otherwise: T, findFault = findUrlFault) =>
    raw(name) === undefined ? otherwise : url(name, protocols, findFault)

  const databaseUrl = url('DATABASE_URL', POSTGRES_PROTOCOLS, findDatabaseFault)
  const s3Endpoint = url('S3_ENDPOINT', ['http:', 'https:'])
  const jwtSecret = secret('JWT_SECRET', true)
  const mediaContentTypes = list('MEDIA_CONTENT_TYPES', DEFAULT_MEDIA_CONTENT_TYPES)
  for (const type of mediaContentTypes) {
    if (!DEFAULT_MEDIA_CONTENT_TYPES.some((known) => known === type)) {
      fault(
        'MEDIA_CONTENT_TYPES',
        `has ${JSON.stringify(type)}; known are ${DEFAULT_MEDIA_CONTENT_TYPES.join(', ')}`,
      )
    }
  }
  const corsOrigins = list('CORS_ORIGINS', ['http://localhost:*', 'http://127.0.0.1:*'])
  for (const origin of corsOrigins) {
    const found = findOriginFault(origin)
    if (found !== null) fault('CORS_ORIGINS', found)
  }

  const config: Config = {
    port: integer('PORT', 3000, 0, 65_535),
    host: text('HOST', '0.0.0.0'),
    webConcurrency: integer('WEB_CONCURRENCY', 1, 1, 64),
    databaseUrl,
    databasePrepare: flag('DATABASE_PREPARE', true),
    databaseMigrationUrl: urlOr('DATABASE_MIGRATION_URL', POSTGRES_PROTOCOLS, databaseUrl, findDatabaseFault),
    databaseReplicaUrl: urlOr('DATABASE_REPLICA_URL', POSTGRES_PROTOCOLS, null, findDatabaseFault),
    redisUrl: url('REDIS_URL', ['redis:', 'rediss:'], findNodesFault),
    s3: {
      endpoint: s3Endpoint,
      publicEndpoint: urlOr('S3_PUBLIC_ENDPOINT', ['http:', 'https:'], s3Endpoint),
      region: text('S3_REGION', 'us-east-1'),
      bucket: text('S3_BUCKET'),
      accessKeyId: text('S3_ACCESS_KEY_ID'),
      secretAccessKey: text('S3_SECRET_ACCESS_KEY'),
      forcePathStyle: flag('S3_FORCE_PATH_STYLE', true),
    },
    jwtSecret: jwtSecret ?? '',
    jwtSecretPrevious: secret('JWT_SECRET_PREVIOUS', false),
    accessTokenTtlSeconds: integer('ACCESS_TOKEN_TTL_SECONDS', 900, 1, DAY_SECONDS),
    refreshTokenTtlSeconds: integer('REFRESH_TOKEN_TTL_SECONDS', 30 * DAY_SECONDS, 1, 366 * DAY_SECONDS),
    storyTtlSeconds: integer('STORY_TTL_SECONDS', DAY_SECONDS, 1, 366 * DAY_SECONDS),
    friendsRule: oneOf('FRIENDS_RULE', FRIENDS_RULES, 'following'),
    mediaMaxBytes: integer('MEDIA_MAX_BYTES', 25 * 1024 * 1024, 1, 5 * 1024 ** 3),
    mediaContentTypes,
    uploadUrlTtlSeconds: integer('UPLOAD_URL_TTL_SECONDS', 300, 1, 3600),
    feedCacheSeconds: integer('FEED_CACHE_SECONDS', 45, 0, 60),
    feedLeaseMs: integer('FEED_LEASE_MS', 6, 0, 50),
    rateLimitsPerMin: {
      stories: integer('RATE_LIMIT_STORIES_PER_MIN', 20, 1, 1_000_000),
      reactions: integer('RATE_LIMIT_REACTIONS_PER_MIN', 60, 1, 1_000_000),
      uploads: integer('RATE_LIMIT_UPLOADS_PER_MIN', 30, 1, 1_000_000),
      search: integer('RATE_LIMIT_SEARCH_PER_MIN', 120, 1, 1_000_000),
      follows: integer('RATE_LIMIT_FOLLOWS_PER_MIN', 120, 1, 1_000_000),
      logins: integer('RATE_LIMIT_LOGINS_PER_MIN', 10, 1, 1_000_000),
      signups: integer('RATE_LIMIT_SIGNUPS_PER_MIN', 10, 1, 1_000_000),
    },
    eventsMaxStreamsPerUser: integer('EVENTS_MAX_STREAMS_PER_USER', 10, 1, 1000),
    corsOrigins: corsOrigins.map(asBrowsersSay),
    metricsToken: raw('METRICS_TOKEN') ?? null,
    metricsPort: integer('METRICS_PORT', 0, 0, 65_535),
    retentionDays: integer('RETENTION_DAYS', 30, 8, 3650),
    trustedProxyHops: integer('TRUSTED_PROXY_HOPS', 0, 0, 10),
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    workerIntervalSeconds: integer('WORKER_INTERVAL_SECONDS', 60, 1, 3600),
    workerBatchSize: integer('WORKER_BATCH_SIZE', 1000, 1, 10_000),
    workerMetricsPort: integer('WORKER_METRICS_PORT', 9091, 0, 65_535),
  }
  if (config.webConcurrency > 1 && config.port === 0) {
    fault('WEB_CONCURRENCY', 'above 1 needs a PORT that all processes can share, not 0')
  }
  if (config.metricsPort !== 0 && config.metricsPort === config.port) {
    fault('METRICS_PORT', 'must be another port than PORT, as it asks for no token')
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return Object.freeze(config)
}
