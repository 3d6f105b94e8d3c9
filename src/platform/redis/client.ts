import { Redis } from 'ioredis'

/**
 * Redis is a help, never a must. Every command has a deadline; the first one that fails opens the breaker, and until
 * a probe gets through again all others fail at once, so that a slow Redis costs a request one deadline at most.
 */

export class RedisDown extends Error {
  constructor(cause?: unknown) {
    super('Redis cannot be reached', { cause })
    this.name = 'RedisDown'
  }
}

export type RedisGate = Readonly<{
  /** Runs one command; throws RedisDown when Redis is away, slow, or was so a moment ago. */
  run<T>(command: (redis: Redis) => Promise<T>): Promise<T>
  isUp(): boolean
  /** Epoch milliseconds of the last moment at which this process saw Redis fail; 0 when never. */
  lastFailureMs(): number
  /** Work that must succeed before Redis is used again after a failure; its `run` goes past the open breaker. */
  beforeRecovery(work: (run: RedisGate['run']) => Promise<void>): void
  ping(): Promise<void>
  /** A second connection, for subscriptions; reconnects and resubscribes by itself. */
  subscriber(): Redis
  key(...parts: string[]): string
  close(): Promise<void>
}>

export type RedisOptions = Readonly<{
  url: string
  keyPrefix: string
  nowMs: () => number
  onChange: (up: boolean, cause?: unknown) => void
}>

const COMMAND_TIMEOUT_MS = 150
const PING_EVERY_MS = 1000
const PROBE_EVERY_MS = 250

export function createRedis(options: RedisOptions): RedisGate {
  const connect = () =>
    new Redis(options.url, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: 1000,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => 200,
      reconnectOnError: () => false,
    })
  const redis = connect()
  const subscribers: Redis[] = []
  const recoveries: ((run: RedisGate['run']) => Promise<void>)[] = []
  let up = true
  let lastFailureMs = 0
  let closed = false

  const fail = (cause: unknown) => {
    lastFailureMs = options.nowMs()
    if (!up || closed) return
    up = false
    options.onChange(false, cause)
  }
  const probe = async () => {
    try {
      await redis.ping()
      if (up) return
      for (const recover of recoveries) await recover((command) => command(redis))
      up = true
      options.onChange(true)
    } catch (error) {
      fail(error)
    }
  }
  let timer: Timer
  const schedule = () => {
    timer = setTimeout(() => probe().finally(() => closed || schedule()), up ? PING_EVERY_MS : PROBE_EVERY_MS)
    timer.unref()
  }
  redis.on('error', fail)
  redis.on('close', () => fail(new Error('connection closed')))
  schedule()

  /** The first commands of a process wait for its connection instead of failing. */
  let connected = false
  const firstConnection = new Promise<void>((resolve) => {
    redis.once('ready', () => resolve())
    redis.once('error', () => resolve())
    setTimeout(resolve, COMMAND_TIMEOUT_MS).unref()
  }).then(() => {
    connected = true
  })

  return {
    async run(command) {
      if (!connected) await firstConnection
      if (!up) throw new RedisDown()
      try {
        return await command(redis)
      } catch (error) {
        fail(error)
        throw new RedisDown(error)
      }
    },
    isUp: () => up,
    lastFailureMs: () => lastFailureMs,
    beforeRecovery: (work) => {
      recoveries.push(work)
    },
    ping: async () => {
      if (!connected) await firstConnection
      await redis.ping()
    },
    subscriber() {
      const subscriber = new Redis(options.url, {
        connectTimeout: 1000,
        maxRetriesPerRequest: null,
        retryStrategy: () => 200,
        autoResubscribe: true,
      })
      subscriber.on('error', () => undefined)
      subscribers.push(subscriber)
      return subscriber
    },
    key: (...parts) => [options.keyPrefix, ...parts].join(':'),
    async close() {
      closed = true
      clearTimeout(timer)
      for (const connection of [redis, ...subscribers]) connection.disconnect()
    },
  }
}
