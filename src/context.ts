import type { Config } from './config'
import { createFindUser, type FindUser } from './features/accounts/find-user'
import { type Committed, createHub, type Hub } from './features/events/hub'
import { createStreamSlots, type StreamSlots } from './features/events/stream-slots'
import { createChangeLog } from './features/feed/change-log'
import { createPageCache, type PageCache } from './features/feed/page-cache'
import { createPageVersions, type PageVersions } from './features/feed/page-versions'
import { createFriends, type Friends } from './features/graph/friends'
import { createHealthCheck, type HealthCheck } from './features/health/checks'
import { type InsertedReaction, REACTIONS_AT_ONCE_MAX, type ReactionRow } from './features/reactions/store'
import type { NewView, RecordedView } from './features/stories/store'
import { VIEWS_AT_ONCE_MAX } from './features/stories/view-sql'
import type { Batcher } from './kernel/batcher'
import { type Clock, systemClock } from './kernel/clock'
import { createSingleFlight, type SingleFlight } from './kernel/single-flight'
import { createTurns, type Turns } from './kernel/turns'
import { type AccessLog, createAccessLog } from './platform/access-log'
import { type Activity, createActivity } from './platform/activity'
import { createBatchedWrite } from './platform/database/batched-write'
import { createDatabase, type Database } from './platform/database/client'
import { createReplica, openCopy, type Replica } from './platform/database/replica'
import { createTransact, type Transact } from './platform/database/transact'
import { createLogger, flushLogger, type Logger } from './platform/logger'
import { createMetrics, type Metrics, type MetricsOptions } from './platform/metrics'
import { createObjectStore, type ObjectStore } from './platform/object-store'
import { createPasswords, type Passwords } from './platform/passwords'
import { createRedis, type RedisGate } from './platform/redis/client'
import { createEventBus, type EventBus } from './platform/redis/event-bus'
import { createTokenBuckets, type TokenBuckets } from './platform/redis/token-bucket'
import { createTokens, type Tokens } from './platform/tokens'
import { createReadStores, createStores, type ReadStores, type Stores } from './stores'

/** Everything of a process that touches the world, built once; whoever needs some of it names what. */
export type AppContext = Readonly<{
  config: Config
  version: string
  clock: Clock
  logger: Logger
  accessLog: AccessLog
  metrics: Metrics
  activity: Activity
  database: Database
  stores: Stores
  transact: Transact<Stores>
  /** For what may lag: stats, and what a search may show. */
  replica: Replica<ReadStores>
  redis: RedisGate
  buckets: TokenBuckets
  bus: EventBus
  /**
   * Tells every process that there are new events; never throws, and nobody waits for it.
   *
   * @param events of the transaction, where they are known
   */
  announce(events?: Committed): void
  objects: ObjectStore
  passwords: Passwords
  tokens: Tokens
  findUser: FindUser
  /** Like the stores' statements for several; null where there is no such story for this viewer. */
  recordView: Batcher<NewView, RecordedView | null>
  /** For one reaction of a user to a story at a time. */
  insertReaction: Batcher<ReactionRow, InsertedReaction | null>
  pageVersions: PageVersions
  pageCache: PageCache
  friends: Friends
  loads: SingleFlight
  turns: Turns
  hub: Hub
  streamSlots: StreamSlots
  /** How the dependencies are; each change is logged and counted. */
  checkHealth: HealthCheck
  close(): Promise<void>
}>

export type { Stores } from './stores'

export type ContextOptions = Readonly<{
  /** Names the process in logs and in PostgreSQL. */
  service: string
  version: string
  clock?: Clock
  logger?: Logger
  /** Lines are written together; for a process that answers many requests. */
  bufferedLog?: boolean
  /** Other processes write log lines to the same output. */
  sharedOutput?: boolean
  /** Adds the series about the process itself. */
  processMetrics?: boolean
  /** What the processes beside this one have counted. */
  otherReports?: MetricsOptions['otherReports']
  redisKeyPrefix?: string
  databaseConnectMs?: number
  databaseDeadlineMs?: number
  replicaDeadlineMs?: number
  redisDeadlineMs?: number
  /** Since when this process has seen what happens to Redis, if not since now, in epoch milliseconds. */
  startedMs?: number
  /** How often events are looked for that no wake told of. */
  eventsPollMs?: number
  poolSizeMax?: number
  onStatement?: OnStatement
  onReplicaStatement?: OnStatement
}>

type OnStatement = (statement: string, params: readonly unknown[]) => void

const DATABASE_DEADLINE_MS = 1500
/** Shorter than the primary's, as it is asked afterwards. */
const REPLICA_DEADLINE_MS = 600
const REDIS_DEADLINE_MS = 120
const POOL_SIZE_MAX = 16

/** Opens all connections lazily; `close` ends them in the reverse order. */
export function createContext(config: Config, options: ContextOptions): AppContext {
  const clock = options.clock ?? systemClock
  const { nowMs } = clock
  const { service, version, bufferedLog = false, sharedOutput = false } = options
  const logger = options.logger ?? createLogger(config.logLevel, service, bufferedLog, sharedOutput)
  const metrics = createMetrics({
    processMetrics: options.processMetrics ?? false,
    otherReports: options.otherReports,
  })
  const activity = createActivity(logger, metrics)

  const common = {
    prepare: config.databasePrepare,
    applicationName: service,
    connectMs: options.databaseConnectMs,
    poolSizeMax: options.poolSizeMax ?? POOL_SIZE_MAX,
  }
  const database = createDatabase({
    ...common,
    url: config.databaseUrl,
    deadlineMs: options.databaseDeadlineMs ?? DATABASE_DEADLINE_MS,
    onDown: () => metrics.dependencyErrors.inc({ dependency: 'database' }),
    onStatement: options.onStatement,
  })
  const stores = createStores(database.db, config)
  const copy = openCopy(config.databaseReplicaUrl, {
    ...common,
    deadlineMs: options.replicaDeadlineMs ?? REPLICA_DEADLINE_MS,
    onDown: () => metrics.dependencyErrors.inc({ dependency: 'replica' }),
    onStatement: options.onReplicaStatement,
  })
  const redis = createRedis({
    url: config.redisUrl,
    keyPrefix: options.redisKeyPrefix ?? 'stories',
    deadlineMs: options.redisDeadlineMs ?? REDIS_DEADLINE_MS,
    nowMs,
    onChange: (up, cause) => activity.dependencyChanged('redis', up, cause),
  })
  const objects = createObjectStore(config, clock)
  const bus = createEventBus(redis)
  const { feedCacheSeconds: ttlSeconds } = config
  const changes = createChangeLog({ redis, leaseMs: config.feedLeaseMs })
  const pageVersions = createPageVersions(redis, nowMs, changes, options.startedMs ?? nowMs())
  const replica = createReplica<ReadStores>({
    primary: stores,
    copy: copy && { stores: createReadStores(copy.db, config), ping: copy.ping },
    nowMs,
    onRead: (result) => metrics.replicaReads.inc({ result }),
  })
  const hub = createHub({
    store: stores.events,
    bus,
    clock,
    metrics,
    onError: (error) => activity.followUpFailed('read events', error),
    pollMs: options.eventsPollMs,
  })

  return {
    config,
    version,
    clock,
    logger,
    accessLog: createAccessLog(logger),
    metrics,
    activity,
    database,
    stores,
    replica,
    transact: createTransact(
      database.db,
      (db) => createStores(db, config),
      (error) => activity.followUpFailed('after commit', error),
    ),
    redis,
    buckets: createTokenBuckets(redis, nowMs),
    bus,
    announce: (events = []) => {
      hub.committed(events)
      // What could not be told is found by the poll of every hub.
      bus.wake().catch(() => metrics.dependencyErrors.inc({ dependency: 'redis' }))
    },
    objects,
    passwords: createPasswords(),
    tokens: createTokens({
      secret: config.jwtSecret,
      secretPrevious: config.jwtSecretPrevious,
      ttlSeconds: config.accessTokenTtlSeconds,
      clock,
    }),
    findUser: createFindUser(stores.accounts, clock),
    recordView: createBatchedWrite(stores.stories.recordViews, VIEWS_AT_ONCE_MAX),
    insertReaction: createBatchedWrite(stores.reactions.insertReactions, REACTIONS_AT_ONCE_MAX),
    pageVersions,
    pageCache: createPageCache({ redis, versions: pageVersions, changes, metrics, nowMs, ttlSeconds }),
    friends: createFriends({
      redis,
      versions: pageVersions,
      graph: stores.graph,
      metrics,
      rule: config.friendsRule,
    }),
    loads: createSingleFlight(),
    turns: createTurns(),
    hub,
    streamSlots: createStreamSlots({
      redis,
      bus,
      streamsOf: hub.streamsOf,
      nowMs,
      streamsMax: config.eventsMaxStreamsPerUser,
      streamAgeMsMax: config.accessTokenTtlSeconds * 1000,
    }),
    checkHealth: createHealthCheck({ version, activity, database, replica, redis, objects }),
    async close() {
      await hub.close()
      objects.close()
      await redis.close()
      await Promise.all([database.close(), copy?.close()])
      await flushLogger(logger)
    },
  }
}
