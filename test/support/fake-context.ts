import { type Config, parseConfig } from '../../src/config'
import type { AppContext, Stores } from '../../src/context'
import { createHealthCheck } from '../../src/features/health/checks'
import { REACTIONS_AT_ONCE_MAX } from '../../src/features/reactions/store'
import { VIEWS_AT_ONCE_MAX } from '../../src/features/stories/view-sql'
import { createSingleFlight } from '../../src/kernel/single-flight'
import { createTurns } from '../../src/kernel/turns'
import { createAccessLog } from '../../src/platform/access-log'
import type { Activity } from '../../src/platform/activity'
import { createBatchedWrite } from '../../src/platform/database/batched-write'
import { createMetrics } from '../../src/platform/metrics'
import { createTokens } from '../../src/platform/tokens'
import { CAST } from './cast'
import { fakeBuckets } from './fakes/buckets'
import { fakeBus } from './fakes/bus'
import { type FakeClock, fakeClock } from './fakes/clock'
import { memoryLogger } from './fakes/logger'
import { fakePasswords } from './fakes/passwords'
import { prepared, type Unprepared } from './fakes/prepared'
import { recorder } from './fakes/recorder'

/** What a test prepares: of each part only the members that the code under test may use. */
export type Preparation = Readonly<{
  stores?: { [Name in keyof Stores]?: Partial<Stores[Name]> }
  config?: Partial<Config>
  database?: Partial<AppContext['database']>
  replica?: Partial<AppContext['replica']>
  redis?: Partial<AppContext['redis']>
  objects?: Partial<AppContext['objects']>
  friends?: Partial<AppContext['friends']>
  pageCache?: Partial<AppContext['pageCache']>
  hub?: Partial<AppContext['hub']>
  streamSlots?: Partial<AppContext['streamSlots']>
  passwords?: AppContext['passwords']
  findUser?: AppContext['findUser']
}>

const TEST_SECRET = 'a-secret-for-tests-of-32-bytes-or-more'

const testConfig = (some: Partial<Config> = {}): Config => ({
  ...parseConfig({
    DATABASE_URL: 'postgres://nowhere.invalid/none',
    REDIS_URL: 'redis://nowhere.invalid',
    S3_ENDPOINT: 'http://store.invalid:9000',
    S3_BUCKET: 'media',
    S3_ACCESS_KEY_ID: 'id',
    S3_SECRET_ACCESS_KEY: 'key',
    JWT_SECRET: TEST_SECRET,
  }),
  ...some,
})

/** A context of doubles, and what they saw. */
export type FakeContext = Readonly<{
  ctx: AppContext
  clock: FakeClock
  buckets: ReturnType<typeof fakeBuckets>
  bus: ReturnType<typeof fakeBus>
  activity: ReturnType<typeof recorder<Activity>>
  pageVersions: ReturnType<typeof recorder<AppContext['pageVersions']>>
  log: ReturnType<typeof memoryLogger>
  /** How often other processes were told that there are new events. */
  announced(): number
  /** Uses of what was not prepared. */
  misses: Unprepared[]
}>

const STORE_NAMES: readonly (keyof Stores)[] = [
  'accounts',
  'graph',
  'people',
  'media',
  'stories',
  'reactions',
  'idempotency',
  'feed',
  'search',
  'stats',
  'events',
  'expiry',
  'housekeeping',
  'health',
]

export function fakeContext(preparation: Preparation = {}): FakeContext {
  const misses: Unprepared[] = []
  const double = <T extends object>(name: string, members: Partial<T> | undefined): T =>
    prepared<T>(name, { ...members } as Partial<T>, (error) => misses.push(error))
  const storeOf = (name: keyof Stores) => [name, double<object>(`stores.${name}`, preparation.stores?.[name])]
  const stores = Object.fromEntries(STORE_NAMES.map(storeOf)) as Stores

  const clock = fakeClock()
  const config = testConfig(preparation.config)
  const log = memoryLogger()
  const activity = recorder<Activity>()
  const pageVersions = recorder<AppContext['pageVersions']>()
  const buckets = fakeBuckets()
  const bus = fakeBus()
  let announced = 0

  const transact: AppContext['transact'] = async (work) => {
    const jobs: (() => Promise<void> | void)[] = []
    const result = await work({ ...stores, afterCommit: (job) => void jobs.push(job) })
    for (const job of jobs) await job()
    return result
  }
  const ctx: AppContext = {
    config,
    version: '1.2.3',
    clock,
    logger: log.logger,
    accessLog: createAccessLog(log.logger),
    metrics: createMetrics({ processMetrics: false }),
    activity: activity.double,
    database: double('database', preparation.database),
    stores,
    transact,
    replica: { read: (work) => work(stores), ping: null, ...preparation.replica },
    redis: double('redis', preparation.redis),
    buckets,
    bus,
    announce: () => {
      announced++
    },
    objects: double('objects', preparation.objects),
    passwords: preparation.passwords ?? fakePasswords(),
    tokens: createTokens({
      secret: config.jwtSecret,
      secretPrevious: config.jwtSecretPrevious,
      ttlSeconds: config.accessTokenTtlSeconds,
      clock,
    }),
    findUser: preparation.findUser ?? (async (id) => CAST.find((person) => person.id === id) ?? null),
    recordView: createBatchedWrite((views) => stores.stories.recordViews(views), VIEWS_AT_ONCE_MAX),
    insertReaction: createBatchedWrite(
      (rows) => stores.reactions.insertReactions(rows),
      REACTIONS_AT_ONCE_MAX,
    ),
    pageVersions: pageVersions.double,
    pageCache: double('pageCache', { ready: () => null, ...preparation.pageCache }),
    friends: double('friends', preparation.friends),
    loads: createSingleFlight(),
    turns: createTurns(),
    hub: double('hub', preparation.hub),
    streamSlots: double('streamSlots', preparation.streamSlots),
    checkHealth: () => check(),
    close: async () => undefined,
  }
  const check = createHealthCheck(ctx)
  return { ctx, clock, buckets, bus, activity, pageVersions, log, announced: () => announced, misses }
}
