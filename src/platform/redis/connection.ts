import { Redis } from 'ioredis'
import { connectCluster } from './cluster'
import { CONNECT_MS_MAX, checkWritable, parseNodes, RECONNECT_AFTER_MS, redialIfOpen } from './nodes'

/** The commands in use, which one Redis and a Cluster understand alike; each script and transaction has keys of one slot. */
export type RedisCommands = Pick<
  Redis,
  | 'get'
  | 'getBuffer'
  | 'set'
  | 'multi'
  | 'zmscore'
  | 'zrem'
  | 'smismember'
  | 'eval'
  | 'evalsha'
  | 'publish'
  | 'sendCommand'
>

export type RedisConnection = Readonly<{
  commands: RedisCommands
  /** Resolves when the first attempt to connect has ended, well or not. */
  firstAttempt: Promise<void>
  /** Throws unless everything is there that a command may need, and takes writes. */
  check(): Promise<void>
  /** Drops sockets on which nothing comes any more, and dials again. */
  reconnect(): void
  close(): void
}>

/**
 * Connects to one Redis, or to a Cluster when several nodes are named.
 *
 * @param url one `redis://` or `rediss://` URL, or several with commas between
 * @param onTrouble told of each connection that is lost or cannot be made
 */
export function connectRedis(url: string, onTrouble: (cause: unknown) => void): RedisConnection {
  if (url.includes(',')) return connectCluster(parseNodes(url), onTrouble)
  const redis = new GatheringRedis(url, {
    connectTimeout: CONNECT_MS_MAX,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => RECONNECT_AFTER_MS,
    reconnectOnError: () => false,
  })
  redis.on('error', onTrouble)
  redis.on('close', () => onTrouble(new Error('connection closed')))
  return {
    commands: redis,
    firstAttempt: new Promise((resolve) => {
      redis.once('ready', () => resolve())
      redis.once('error', () => resolve())
    }),
    check: () => checkWritable(redis),
    reconnect: () => redialIfOpen(redis),
    close: () => redis.disconnect(),
  }
}

/**
 * What one turn of the loop sends leaves in one write, as most of a command's price is the system's. The client's own
 * pipelines would do that, too, for twice the processor time, and hold back what comes while one has no answer yet.
 */
class GatheringRedis extends Redis {
  private isGathering = false

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const { stream } = this
    if (stream && !this.isGathering) {
      this.isGathering = true
      stream.cork()
      setImmediate(() => {
        this.isGathering = false
        stream.uncork()
      })
    }
    return super.sendCommand(...args)
  }
}

export type RedisSubscriber = Readonly<{ connection: Redis; reconnect(): void }>

/** A connection for subscriptions to any node, as a message to one reaches all; the next node after each loss. */
export function connectSubscriber(url: string): RedisSubscriber {
  const nodes = parseNodes(url)
  let at = Math.floor(Math.random() * nodes.length)
  const subscriber = new Redis({
    ...nodes[at],
    connectTimeout: CONNECT_MS_MAX,
    maxRetriesPerRequest: null,
    autoResubscribe: true,
    retryStrategy() {
      at = (at + 1) % nodes.length
      Object.assign(subscriber.options, nodes[at])
      return RECONNECT_AFTER_MS
    },
  })
  subscriber.on('error', () => undefined)
  return { connection: subscriber, reconnect: () => redialIfOpen(subscriber) }
}
