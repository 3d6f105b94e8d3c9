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

export function createEventBus(redis: RedisGate): EventBus {
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
  const publishWake = async () => {
    const restMs = publishedMs + WAKE_EVERY_MS - monotonicMs()
    // Also without a rest it is known as the next one before it is not any more: else no later wake would be published.
    await (restMs > 0 ? new Promise((resolve) => setTimeout(resolve, restMs)) : null)
    nextPublish = null
    publishedMs = monotonicMs()
    await redis.run((connection) => connection.publish(wakeChannel, ownName))
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
      subscriber.subscribe(wakeChannel, endChannel).then(tellWake, () => undefined)
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
