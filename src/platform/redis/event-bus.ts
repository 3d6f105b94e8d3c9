import { Cluster } from 'ioredis'
import { monotonicMs } from '../../kernel/clock'
import { newId } from '../../kernel/ids'
import type { RedisGate } from './client'

/**
 * Between processes: "there is something new in the events table" (never the event itself), and "end this stream".
 */
export type EventBus = Readonly<{
  /** Tells the others, not this process; throws RedisDown when they could not be told. */
  wake(): Promise<void>
  onWake(listener: () => void): void
  /** For a stream that some process holds; own listeners hear it even when Redis does not. Throws RedisDown. */
  endStream(userId: string, streamId: string): Promise<void>
  onEndStreams(listener: (userId: string, streamId: string) => void): void
}>

/** Wakes of a burst travel together: one brings whoever hears it up to date with all of them. */
const WAKE_EVERY_MS = 4
/** Where nobody else listened to the last one; somebody who begins to just then hears of the next events so much later. */
const WAKE_EVERY_ALONE_MS = 100

type Timing = Readonly<{ nowMs(): number; rest(ms: number): Promise<unknown> }>
const SYSTEM: Timing = {
  nowMs: monotonicMs,
  rest: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

export function createEventBus(redis: RedisGate, timing = SYSTEM): EventBus {
  const wakeChannel = redis.key('events', 'wake')
  const endChannel = redis.key('streams', 'end')
  const wakeListeners: (() => void)[] = []
  const endListeners: ((userId: string, streamId: string) => void)[] = []
  const tellWake = () => {
    for (const listener of wakeListeners) listener()
  }
  const tellEnd = (message: string) => {
    const [userId = '', streamId = ''] = message.split(' ')
    for (const listener of endListeners) listener(userId, streamId)
  }
  /** Says who woke, as a process knows what it has committed, and takes no notice of its own wakes when they come back. */
  const ownName = newId()
  let publishedMs = Number.NEGATIVE_INFINITY
  let nextPublish: Promise<void> | null = null
  let isHearing = false
  let isAlone = false
  const publishWake = async () => {
    const restMs = publishedMs + (isAlone ? WAKE_EVERY_ALONE_MS : WAKE_EVERY_MS) - timing.nowMs()
    // Also without a rest it is known as the next one before it is not any more: else no later wake would be published.
    await (restMs > 0 ? timing.rest(restMs) : null)
    nextPublish = null
    publishedMs = timing.nowMs()
    await redis.run(async (connection) => {
      const listeners = await connection.publish(wakeChannel, ownName)
      // A node of a cluster counts its own listeners only.
      isAlone = listeners <= (isHearing ? 1 : 0) && !(connection instanceof Cluster)
    })
  }
  let subscribed = false
  const subscribe = () => {
    if (subscribed) return
    subscribed = true
    const subscriber = redis.subscriber()
    subscriber.on('message', (channel: string, message: string) => {
      if (channel !== wakeChannel) tellEnd(message)
      else if (message !== ownName) tellWake()
    })
    // What was said while this connection was away is not repeated, so coming back is a reason to look: once it hears again.
    subscriber.on('ready', () => {
      const heard = () => {
        isHearing = true
        tellWake()
      }
      subscriber.subscribe(wakeChannel, endChannel).then(heard, () => undefined)
    })
    subscriber.on('close', () => {
      isHearing = false
    })
  }
  return {
    async wake() {
      nextPublish ??= publishWake()
      await nextPublish
    },
    onWake(listener) {
      wakeListeners.push(listener)
      subscribe()
    },
    async endStream(userId, streamId) {
      tellEnd(`${userId} ${streamId}`)
      await redis.run((connection) => connection.publish(endChannel, `${userId} ${streamId}`))
    },
    onEndStreams(listener) {
      endListeners.push(listener)
      subscribe()
    },
  }
}
