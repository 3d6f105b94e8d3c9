import { Redis } from 'ioredis'
import { monotonicMs } from '../../kernel/clock'

/**
 * Redis is a help, never a must. Every command has a deadline; the first one that misses it opens the breaker, and so do
 * two slow ones in a row. Until a probe gets through quickly all others fail at once, so that a request, which sends
 * five commands at most one after the other, waits 250 ms for Redis at most.
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
  /** Sends a command even past the open breaker, and waits for nothing. */
  tell(command: (redis: Redis) => Promise<unknown>): void
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
  /** How long a command may take before Redis counts as away. */
  deadlineMs: number
  nowMs: () => number
  onChange: (up: boolean, cause?: unknown) => void
}>

/** Of the deadline; two commands in a row that take longer are a Redis in trouble. */
const SLOW_SHARE = 1 / 3
const PING_EVERY_MS = 1000
const PROBE_EVERY_MS = 250

export function createRedis(options: RedisOptions): RedisGate {
  const connect = () =>
    new Redis(options.url, {
      commandTimeout: options.deadlineMs,
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
  const lag = watchLag()
  const isSlow = (startedMs: number) =>
    monotonicMs() - startedMs > options.deadlineMs * SLOW_SHARE + 3 * lag.recentMs()
  let slowSinceMs: number | null = null
  const noteSpeed = (startedMs: number) => {
    if (!isSlow(startedMs)) {
      slowSinceMs = null
    } else if (slowSinceMs === null) {
      slowSinceMs = monotonicMs()
    } else if (startedMs >= slowSinceMs) {
      // Sent after the first slow one had come back: not the same hiccup.
      fail(new Error('answers slowly'))
    }
  }
  const probe = async () => {
    const startedMs = monotonicMs()
    try {
      await redis.ping()
      if (isSlow(startedMs)) throw new Error('answers slowly')
      slowSinceMs = null
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
    setTimeout(resolve, options.deadlineMs).unref()
  }).then(() => {
    connected = true
  })

  return {
    async run(command) {
      if (!connected) await firstConnection
      if (!up) throw new RedisDown()
      const startedMs = monotonicMs()
      try {
        const answer = await command(redis)
        noteSpeed(startedMs)
        return answer
      } catch (error) {
        fail(error)
        throw new RedisDown(error)
      }
    },
    tell: (command) => void command(redis).catch(() => undefined),
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
      lag.stop()
      for (const connection of [redis, ...subscribers]) connection.disconnect()
    },
  }
}

const LAG_SAMPLE_MS = 50

/** How late timers fire in this process: what a busy process adds to each answer is not Redis being slow. */
function watchLag() {
  let dueMs = monotonicMs() + LAG_SAMPLE_MS
  let last = 0
  let before = 0
  const timer = setInterval(() => {
    const nowMs = monotonicMs()
    before = last
    last = Math.max(0, nowMs - dueMs)
    dueMs = nowMs + LAG_SAMPLE_MS
  }, LAG_SAMPLE_MS)
  timer.unref()
  return {
    recentMs: () => Math.max(last, before, monotonicMs() - dueMs),
    stop: () => clearInterval(timer),
  }
}
