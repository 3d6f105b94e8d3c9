import type { Redis } from 'ioredis'
import { monotonicMs } from '../../kernel/clock'
import { createDeadlines } from '../deadlines'
import { connectRedis, connectSubscriber, type RedisCommands, type RedisSubscriber } from './connection'

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
  run<T>(command: (redis: RedisCommands) => Promise<T>): Promise<T>
  /** Sends a command even past the open breaker, and waits for nothing. */
  tell(command: (redis: RedisCommands) => Promise<unknown>): void
  isUp(): boolean
  /** Epoch milliseconds of the last moment at which this process saw Redis fail; 0 when never. */
  lastFailureMs(): number
  /**
   * Work that must succeed before Redis is used again after a failure, and is asked for with every probe: it does what is
   * owed, if anything. Its `run` goes past the open breaker.
   */
  beforeRecovery(work: (run: RedisGate['run']) => Promise<void>): void
  ping(): Promise<void>
  /** A second connection, for subscriptions; reconnects and resubscribes by itself. */
  subscriber(): Redis
  key(...parts: string[]): string
  close(): Promise<void>
}>

export type RedisOptions = Readonly<{
  /** One Redis, or the nodes of a Cluster with commas between. */
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
/** Sockets that were silent for so long may lead to a machine that is no more. */
const SILENT_MS_MAX = 5000

export function createRedis(options: RedisOptions): RedisGate {
  const subscribers: RedisSubscriber[] = []
  const recoveries: ((run: RedisGate['run']) => Promise<void>)[] = []
  let up = true
  let lastFailureMs = 0
  let aliveMs = monotonicMs()
  let closed = false

  const fail = (cause: unknown) => {
    lastFailureMs = options.nowMs()
    if (!up || closed) return
    up = false
    options.onChange(false, cause)
  }
  const connection = connectRedis(options.url, fail)
  const { commands } = connection
  const deadlines = createDeadlines(options.deadlineMs)
  const isSlow = (startedMs: number) =>
    deadlines.attentiveMs() - startedMs > options.deadlineMs * SLOW_SHARE + 3 * deadlines.recentLagMs()
  let slowSinceMs: number | null = null
  const noteSpeed = (startedMs: number) => {
    if (!isSlow(startedMs)) {
      slowSinceMs = null
    } else if (slowSinceMs === null) {
      slowSinceMs = deadlines.attentiveMs()
    } else if (startedMs >= slowSinceMs) {
      // Sent after the first slow one had come back: not the same hiccup.
      fail(new Error('answers slowly'))
    }
  }
  const redial = () => {
    aliveMs = monotonicMs()
    for (const { reconnect } of [connection, ...subscribers]) reconnect()
  }
  const probe = async () => {
    const startedMs = deadlines.attentiveMs()
    try {
      await deadlines.within(connection.check())
      aliveMs = monotonicMs()
      if (isSlow(startedMs)) throw new Error('answers slowly')
      slowSinceMs = null
      // Also while it is up: what failed while the last recovery was under way is owed yet.
      for (const recover of recoveries) await recover((command) => deadlines.within(command(commands)))
      if (up) return
      up = true
      options.onChange(true)
    } catch (error) {
      fail(error)
      if (monotonicMs() - aliveMs > SILENT_MS_MAX) redial()
    }
  }
  let timer: Timer
  const schedule = () => {
    timer = setTimeout(() => probe().finally(() => closed || schedule()), up ? PING_EVERY_MS : PROBE_EVERY_MS)
    timer.unref()
  }
  schedule()

  /** The first commands of a process wait for its connection instead of failing. */
  let isConnected = false
  const connected = () => {
    isConnected = true
  }
  const firstConnection = deadlines.within(connection.firstAttempt).then(connected, connected)

  return {
    async run(command) {
      if (!isConnected) await firstConnection
      if (!up) throw new RedisDown()
      const startedMs = deadlines.attentiveMs()
      try {
        const answer = await deadlines.within(command(commands))
        noteSpeed(startedMs)
        return answer
      } catch (error) {
        fail(error)
        throw new RedisDown(error)
      }
    },
    tell: (command) => void command(commands).catch(() => undefined),
    isUp: () => up,
    lastFailureMs: () => lastFailureMs,
    beforeRecovery: (work) => {
      recoveries.push(work)
    },
    ping: async () => {
      if (!isConnected) await firstConnection
      await deadlines.within(connection.check())
    },
    subscriber() {
      const subscriber = connectSubscriber(options.url)
      subscribers.push(subscriber)
      return subscriber.connection
    },
    key: (...parts) => `${options.keyPrefix}:${parts.join(':')}`,
    async close() {
      closed = true
      clearTimeout(timer)
      deadlines.stop()
      connection.close()
      for (const subscriber of subscribers) subscriber.connection.disconnect()
    },
  }
}
