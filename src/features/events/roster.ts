import { type Clock, monotonicMs } from '../../kernel/clock'
import { sseComment } from './sse'
import type { CloseReason, Subscriber } from './subscriber'

/**
 * The streams this process holds. One timer serves all of them: each is sent a comment every fifteen seconds, which keeps
 * its line open, and is ended within a second of its token.
 */
export type Roster = Readonly<{
  add(subscriber: Subscriber): void
  /** Does nothing for one that is not on it. */
  remove(subscriber: Subscriber): void
  /** A user's streams, the oldest first. */
  of(userId: string): readonly Subscriber[]
  size(): number
  closeAll(reason: CloseReason): void
  /** Ends all of them, and the timer. */
  close(reason: CloseReason): void
}>

const HEARTBEAT_SECONDS = 15
/** Few streams a turn: an event that comes meanwhile waits until all of them are written to. */
const TURNS_PER_SECOND = 100
/** A call that comes late makes up for so many turns; what a longer pause has cost is left out, as it would make another one. */
const TURNS_AT_ONCE_MAX = 5
const TURN_MS = 1000 / TURNS_PER_SECOND
const HEARTBEAT = new TextEncoder().encode(sseComment('keep-alive'))
const NONE: readonly Subscriber[] = []

export function createRoster(clock: Clock): Roster {
  /** Written to in turn, as events would have to wait for as long as writing to all of them takes. */
  const groups = Array.from({ length: HEARTBEAT_SECONDS * TURNS_PER_SECOND }, () => new Set<Subscriber>())
  const groupOf = new Map<Subscriber, Set<Subscriber>>()
  /** Lists are replaced, never changed, so whoever walks along one is not disturbed. */
  const byUser = new Map<string, readonly Subscriber[]>()
  let added = 0
  let turn = 0
  let turnedMs = monotonicMs()
  const takeTurn = () => {
    turn = (turn + 1) % groups.length
    const nowMs = clock.nowMs()
    for (let i = turn % TURNS_PER_SECOND; i < groups.length; i += TURNS_PER_SECOND)
      groups[i]?.forEach((subscriber) => {
        if (subscriber.endsAtMs <= nowMs) subscriber.close('token_expired')
        else if (i === turn) subscriber.comment(HEARTBEAT)
      })
  }
  // A busy process is called later than it asked for, and would fall behind by a part of every turn.
  const timer = setInterval(() => {
    const due = Math.floor((monotonicMs() - turnedMs) / TURN_MS)
    for (let i = Math.min(due, TURNS_AT_ONCE_MAX); i > 0; i--) takeTurn()
    turnedMs += due * TURN_MS
  }, TURN_MS)
  timer.unref()

  const closeAll = (reason: CloseReason) => {
    groupOf.forEach((_, subscriber) => {
      subscriber.close(reason)
    })
  }

  return {
    add(subscriber) {
      const group = groups[added++ % groups.length] as Set<Subscriber>
      group.add(subscriber)
      groupOf.set(subscriber, group)
      byUser.set(subscriber.userId, [...(byUser.get(subscriber.userId) ?? NONE), subscriber])
    },
    remove(subscriber) {
      const group = groupOf.get(subscriber)
      if (group === undefined) return
      group.delete(subscriber)
      groupOf.delete(subscriber)
      const others = (byUser.get(subscriber.userId) ?? NONE).filter((other) => other !== subscriber)
      if (others.length === 0) byUser.delete(subscriber.userId)
      else byUser.set(subscriber.userId, others)
    },
    of: (userId) => byUser.get(userId) ?? NONE,
    size: () => groupOf.size,
    closeAll,
    close(reason) {
      clearInterval(timer)
      closeAll(reason)
    },
  }
}
