/** Real contexts for integration tests: a database copy and a Redis prefix for each test file, checked when it ends. */
import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test'
import type { Redis } from 'ioredis'
import { buildApp } from '../../src/app'
import { parseConfig } from '../../src/config'
import { type AppContext, type ContextOptions, createContext } from '../../src/context'
import { type Api, createApi } from './api'
import { createDatabase, type TestDatabase } from './database'
import { type Door, openDoor } from './door'
import { openRedis, type TestRedis } from './redis'
import { serviceEnv, testStack } from './services'
import { until } from './until'

/** One API process's worth of service, in this process. */
export type Instance = Readonly<{
  ctx: AppContext
  api: Api
  database: TestDatabase
  /**
   * Serves it on a real socket.
   *
   * @param idleSeconds how long a request may wait for its answer; the server's own time unless given
   * @returns the URL
   */
  listen(idleSeconds?: number): string
}>

export type Overrides = Readonly<{
  /** Variables of the contract that differ from what tests use otherwise. */
  env?: Readonly<Record<string, string>>
}> &
  Partial<Omit<ContextOptions, 'service' | 'version' | 'redisKeyPrefix'>>

export type Stage = Readonly<{
  database(): TestDatabase
  /** A Redis connection of the test's own, and the prefix of the service's keys. */
  redis(): Redis
  redisKeyPrefix(): string
  /** The names of all keys that start so: the service's own, or others. */
  redisKeys(prefix?: string): Promise<string[]>
  dropRedisKeys(): Promise<void>
  /** How many of the service's connections listen to this channel. */
  redisListeners(channel: string): Promise<number>
  /** The variables under which a child process joins this stage. */
  env(): Record<string, string>
  /** A context on this file's stores; several of them are several processes. */
  realContext(overrides?: Overrides): AppContext
  instance(overrides?: Overrides): Instance
}>

/** Busy machines are slow; a test that hangs is another matter. */
export const TEST_MS_MAX = 30_000
export const STACK_START_MS_MAX = 120_000
/** Stores count as down only when they are; the real deadlines are for people who wait. */
const DEADLINE_MS = 10_000

/** Sets the stage for the test file that calls it, and clears it when the file's tests have run. */
export function useStage(): Stage {
  let database: TestDatabase | null = null
  let door: Door | null = null
  let redis: TestRedis | null = null
  let env: Record<string, string> = {}
  const contexts: AppContext[] = []
  const servers: { stop(force: boolean): Promise<void> }[] = []
  const needed = <T>(value: T | null): T => {
    if (value === null) throw new Error('The stage is there for tests and hooks only')
    return value
  }
  const redisKeyPrefix = () => new URL(needed(database).url).pathname.slice(1)

  setDefaultTimeout(TEST_MS_MAX)
  beforeAll(async () => {
    const stack = await testStack()
    database = await createDatabase()
    door = await openDoor(database.url)
    redis = openRedis(stack.redisUrl)
    env = { ...serviceEnv(stack, database.url), ...door.env }
  }, STACK_START_MS_MAX)

  afterAll(async () => {
    // A server notices a client that has left a moment later.
    const streams = () => contexts.reduce((total, ctx) => total + openStreams(ctx), 0)
    const left = await until('streams to end', () => streams() === 0).then(() => 0, streams)
    for (const server of servers) await server.stop(true)
    for (const ctx of contexts) await ctx.close()
    await stage.dropRedisKeys()
    needed(redis).close()
    await needed(door).close()
    await needed(database).drop()
    if (left > 0) throw new Error(`${left} event streams were left open`)
  })

  const stage: Stage = {
    database: () => needed(database),
    redis: () => needed(redis).commands,
    redisKeyPrefix,
    redisKeys: (prefix = `${redisKeyPrefix()}:`) => needed(redis).keys(prefix),
    dropRedisKeys: async () => needed(redis).drop(await stage.redisKeys()),
    redisListeners: (channel) => needed(redis).listeners(channel),
    env: () => ({ ...env }),
    realContext({ env: extra, ...options } = {}) {
      const ctx = createContext(parseConfig({ ...env, ...extra }), {
        service: 'test',
        version: 'test',
        redisKeyPrefix: redisKeyPrefix(),
        databaseConnectMs: DEADLINE_MS,
        databaseDeadlineMs: DEADLINE_MS,
        replicaDeadlineMs: DEADLINE_MS,
        redisDeadlineMs: DEADLINE_MS,
        // As if it had been there for long.
        startedMs: 0,
        ...options,
      })
      contexts.push(ctx)
      return ctx
    },
    instance(overrides) {
      const ctx = stage.realContext(overrides)
      const gateway = buildApp(ctx)
      const api = createApi(async (request) =>
        gateway.handle(request, { address: '127.0.0.1', keepOpen: () => undefined }),
      )
      const listen = (idleSeconds = 10) => {
        const server = Bun.serve({
          port: 0,
          hostname: '127.0.0.1',
          development: false,
          idleTimeout: idleSeconds,
          fetch: (request, self) =>
            gateway.handle(request, { address: '127.0.0.1', keepOpen: () => self.timeout(request, 0) }),
        })
        servers.push(server)
        return `http://127.0.0.1:${server.port}`
      }
      return { ctx, api, database: needed(database), listen }
    },
  }
  return stage
}

function openStreams(ctx: AppContext): number {
  const { hashMap } = ctx.metrics.sseConnections as unknown as { hashMap: Record<string, { value: number }> }
  return Object.values(hashMap)[0]?.value ?? 0
}
