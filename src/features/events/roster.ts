import type { Clock } from '../../kernel/clock'
import { sseComment } from './sse'
import type { CloseReason, Subscriber } from './subscriber'

/**
 * The streams this process holds. One timer serves all of them: each second it sends a comment to a fifteenth of them,
 * which keeps their lines open, and ends those whose token has run out.
 */
export type Roster = Readonly<{
  add(subscriber: Subscriber): void
  /** Does nothing for one that is not on it. */
  remove(subscriber: Subscriber): void
  /** A user's streams, the oldest first. */
  of(userId: string): readonly Subscriber[]
  size(): number
  /** Ends all of them, and the timer. */
  close(reason: CloseReason): void
}>

const HEARTBEAT_SECONDS = 15
const HEARTBEAT = new TextEncoder().encode(sseComment('keep-alive'))
const NONE: readonly Subscriber[] = []

export function createRoster(clock: Clock): Roster {
  /** Each with its second of the fifteen, so that not all are written to at once. */
  const beats = new Map<Subscriber, number>()
  /** Lists are replaced, never changed, so whoever walks along one is not disturbed. */
  const byUser = new Map<string, readonly Subscriber[]>()
  let added = 0
  let beat = 0
  const timer = setInterval(() => {
    beat = (beat + 1) % HEARTBEAT_SECONDS
    const nowMs = clock.now().getTime()
    beats.forEach((own, subscriber) => {
      if (subscriber.endsAtMs <= nowMs) subscriber.close('token_expired')
      else if (own === beat) subscriber.comment(HEARTBEAT)
    })
  }, 1000)
  timer.unref()

  return {
    add(subscriber) {
      beats.set(subscriber, added++ % HEARTBEAT_SECONDS)
      byUser.set(subscriber.userId, [...(byUser.get(subscriber.userId) ?? NONE), subscriber])
    },
    remove(subscriber) {
      if (!beats.delete(subscriber)) return
      const others = (byUser.get(subscriber.userId) ?? NONE).filter((other) => other !== subscriber)
      if (others.length === 0) byUser.delete(subscriber.userId)
      else byUser.set(subscriber.userId, others)
    },
    of: (userId) => byUser.get(userId) ?? NONE,
    size: () => beats.size,
    close(reason) {
      clearInterval(timer)
      beats.forEach((_, subscriber) => {
        subscriber.close(reason)
      })
    },
  }
}
