import type { EventBus } from '../../../src/platform/redis/event-bus'

export type FakeBus = EventBus & {
  wakes: number
  ended: [userId: string, streamId: string][]
  /** As if another process had said so. */
  sayWake(): void
  sayEnd(userId: string, streamId: string): void
}

/** A bus within this process. */
export function fakeBus(): FakeBus {
  const wakeListeners: (() => void)[] = []
  const endListeners: ((userId: string, streamId: string) => void)[] = []
  const bus: FakeBus = {
    wakes: 0,
    ended: [],
    sayWake: () => {
      for (const listener of wakeListeners) listener()
    },
    sayEnd: (userId, streamId) => {
      for (const listener of endListeners) listener(userId, streamId)
    },
    async wake() {
      bus.wakes++
    },
    onWake: (listener) => void wakeListeners.push(listener),
    async endStream(userId, streamId) {
      bus.ended.push([userId, streamId])
      bus.sayEnd(userId, streamId)
    },
    onEndStreams: (listener) => void endListeners.push(listener),
  }
  return bus
}
