import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ConfigError, parseConfig } from './config'

const REQUIRED = {
  DATABASE_URL: 'postgres://u:p@localhost:5432/stories',
  REDIS_URL: 'redis://localhost:6379',
  S3_ENDPOINT: 'http://localhost:9000',
  S3_BUCKET: 'media',
  S3_ACCESS_KEY_ID: 'id',
  S3_SECRET_ACCESS_KEY: 'key',
  JWT_SECRET: 'x'.repeat(32),
}
const faultsOf = (env: Record<string, string | undefined>): readonly string[] => {
  try {
    parseConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}
const namesAtFault = (env: Record<string, string | undefined>) =>
  faultsOf({ ...REQUIRED, ...env }).map((fault) => fault.split(' ')[0])

describe('parseConfig', () => {
  test('needs the required variables, and says so of all at once', () => {
    expect(
      faultsOf({})
        .map((fault) => fault.split(' ')[0] ?? '')
        .sort(),
    ).toEqual(Object.keys(REQUIRED).sort())
    expect(faultsOf(REQUIRED)).toEqual([])
  })
  test('has the defaults of the contract', () => {
    expect(parseConfig(REQUIRED)).toMatchObject({
      port: 3000,
      webConcurrency: 1,
      accessTokenTtlSeconds: 900,
      refreshTokenTtlSeconds: 2_592_000,
      storyTtlSeconds: 86_400,
      friendsRule: 'following',
      mediaMaxBytes: 26_214_400,
      uploadUrlTtlSeconds: 300,
      feedCacheSeconds: 45,
      rateLimitsPerMin: {
        stories: 20,
        reactions: 60,
        uploads: 30,
        search: 120,
        follows: 120,
        logins: 10,
        signups: 10,
      },
      eventsMaxStreamsPerUser: 10,
      corsOrigins: ['http://localhost:*', 'http://127.0.0.1:*'],
      metricsToken: null,
      retentionDays: 30,
      trustedProxyHops: 0,
      workerIntervalSeconds: 60,
      workerBatchSize: 1000,
      workerMetricsPort: 9091,
    })
  })
  test('several processes need a port that they can share', () => {
    expect(namesAtFault({ WEB_CONCURRENCY: '2', PORT: '0' })).toEqual(['WEB_CONCURRENCY'])
    expect(namesAtFault({ WEB_CONCURRENCY: '0' })).toEqual(['WEB_CONCURRENCY'])
    expect(namesAtFault({ WEB_CONCURRENCY: '2' })).toEqual([])
  })
  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(parseConfig(REQUIRED))).toBe(true)
  })
  test('the public endpoint is the endpoint unless said otherwise', () => {
    expect(parseConfig(REQUIRED).s3.publicEndpoint).toBe('http://localhost:9000')
  })
  const bad: [string, string][] = [
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', '3e3'],
    ['PORT', 'http'],
    ['DATABASE_URL', 'mysql://localhost'],
    ['DATABASE_URL', 'localhost:5432'],
    ['DATABASE_REPLICA_URL', 'redis://localhost'],
    ['DATABASE_MIGRATION_URL', 'localhost'],
    ['REDIS_URL', 'http://localhost'],
    ['REDIS_URL', 'redis://a:7000,'],
    ['REDIS_URL', 'redis://a:7000,http://b:7001'],
    ['REDIS_URL', 'redis://a:7000,rediss://b:7001'],
    ['REDIS_URL', 'redis://:one@a:7000,redis://:two@b:7001'],
    ['REDIS_URL', 'redis://a:7000/1,redis://b:7001/1'],
    ['S3_ENDPOINT', 'localhost:9000'],
    ['S3_PUBLIC_ENDPOINT', 'ftp://x'],
    ['S3_FORCE_PATH_STYLE', 'yes'],
    ['JWT_SECRET', 'x'.repeat(31)],
    ['JWT_SECRET_PREVIOUS', 'short'],
    ['STORY_TTL_SECONDS', '0'],
    ['STORY_TTL_SECONDS', '1.5'],
    ['FRIENDS_RULE', 'everybody'],
    ['MEDIA_CONTENT_TYPES', 'image/png,image/svg+xml'],
    ['MEDIA_CONTENT_TYPES', 'text/html'],
    ['FEED_CACHE_SECONDS', '61'],
    ['FEED_LEASE_MS', '51'],
    ['RATE_LIMIT_STORIES_PER_MIN', '0'],
    ['RETENTION_DAYS', '7'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'http://localhost:5173/'],
    ['CORS_ORIGINS', 'https://*.example.com'],
    ['LOG_LEVEL', 'loud'],
    ['WORKER_BATCH_SIZE', ''.padEnd(7, '9')],
    ['METRICS_PORT', '3000'],
    ['DATABASE_URL', 'postgres://u:100%@h/d'],
    ['DATABASE_URL', 'postgres://u:p@h/d?sslmode=require&channel_binding=require'],
    ['DATABASE_REPLICA_URL', 'postgres://u:p@h/d?pgbouncer=true'],
    ['REDIS_URL', 'redis://:100%@h'],
  ]
  test.each(bad)('refuses %s=%s', (name, value) => {
    expect(namesAtFault({ [name]: value })).toEqual([name])
  })
  test('knows origins as browsers send them', () => {
    const CORS_ORIGINS =
      'https://App.Example.com, https://shop.example.com:443, http://LOCALHOST:*, http://a:81'
    expect(parseConfig({ ...REQUIRED, CORS_ORIGINS }).corsOrigins).toEqual([
      'https://app.example.com',
      'https://shop.example.com',
      'http://localhost:*',
      'http://a:81',
    ])
  })
  test('takes several nodes of a cluster, with or without TLS and credentials', () => {
    for (const url of [
      'redis://a:7000,redis://b:7001',
      'rediss://u:p%2C@a/0, rediss://u:p%2C@b',
      'redis://a,redis://a',
    ])
      expect(parseConfig({ ...REQUIRED, REDIS_URL: url }).redisUrl).toBe(url)
  })
  test('32 bytes are enough for a secret, however few characters they are', () => {
    expect(namesAtFault({ JWT_SECRET: 'é'.repeat(16) })).toEqual([])
  })
  test('empty counts as not given', () => {
    expect(parseConfig({ ...REQUIRED, PORT: '', METRICS_TOKEN: ' ', JWT_SECRET_PREVIOUS: '' })).toEqual(
      parseConfig(REQUIRED),
    )
  })
  test('answers with a configuration or a list of faults, never anything else, and no fault shows a secret', () => {
    const secret = 'sEcReT-value'
    const values = fc.constantFrom('', '0', 'true', 'x', '-1', 'http://x', ',', '99999999999999999999', '∞')
    const env = fc.dictionary(
      fc.constantFrom(...Object.keys(REQUIRED), 'PORT', 'CORS_ORIGINS', 'LOG_LEVEL'),
      values,
    )
    fc.assert(
      fc.property(env, (some) => {
        const shown = faultsOf({ ...some, JWT_SECRET: secret, REDIS_URL: `redis://:${secret}@a,redis://b` })
        expect(shown.join()).not.toContain(secret)
      }),
    )
  })
})
