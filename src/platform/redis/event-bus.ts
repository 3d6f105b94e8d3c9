import type { RedisGate } from './client'

/**
 * Between processes: "there is something new in the events table" (never the event itself), and "end this stream".
 */
export type EventBus = Readonly<{
  /** Own listeners hear it even when Redis does not; throws RedisDown when the others could not be told. */
  wake(): Promise<void>
  onWake(listener: () => void): void
  /** Like `wake`, for a stream that some process holds. */
  endStream(userId: string, streamId: string): Promise<void>
  onEndStreams(listener: (userId: string, streamId: string) => void): void
}>

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
  let subscribed = false
  const subscribe = () => {
    if (subscribed) return
    subscribed = true
    const subscriber = redis.subscriber()
    subscriber.on('message', (channel: string, message: string) =>
      channel === wakeChannel ? tellWake() : tellEnd(message),
    )
    // What was said while this connection was away is not repeated, so coming back is a reason to look.
    subscriber.on('ready', tellWake)
    subscriber.subscribe(wakeChannel, endChannel).catch(() => undefined)
  }
  return {
    async wake() {
      tellWake()
      await redis.run((connection) => connection.publish(wakeChannel, '1'))
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
