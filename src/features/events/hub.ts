import { type Clock, monotonicMs } from '../../kernel/clock'
import { unavailable } from '../../kernel/errors'
import type { Metrics } from '../../platform/metrics'
import type { EventBus } from '../../platform/redis/event-bus'
import { eventFrame } from './event-frame'
import { comparePositions, NOWHERE, type Position, type StoredEvent, startOf } from './event-types'
import { restAfter } from './rest-after'
import { createRoster } from './roster'
import type { EventStore } from './store'
import type { CloseReason, Subscriber } from './subscriber'

/** All events of one transaction, in their order; none when they are not known here. */
export type Committed = readonly StoredEvent[]

/** `line`: nobody was ever told a position beyond it. */
export type Present = Readonly<{ position: Position; line: Position }>

/**
 * The one reader of the events table in this process. It follows the table's order below the line where it is final,
 * and hands each event to the author's subscribers, so that listeners cost no queries.
 */
export type Hub = Readonly<{
  /** Adds a subscriber and reads up to the present; from the resolved position on it misses nothing. */
  join(subscriber: Subscriber): Promise<Present>
  leave(subscriber: Subscriber): void
  /**
   * Takes what this process has committed. Known events need no read when nothing can lie before them; the same ones may be
   * given more than once.
   */
  committed(events: Committed): void
  /** Everything up to here has been handed out. */
  position(): Position
  /** The streams that the user holds in this process, the oldest first. */
  streamsOf(userId: string): readonly Subscriber[]
  close(reason?: CloseReason): Promise<void>
}>

type Options = Readonly<{
  store: Pick<EventStore, 'readTail' | 'readEnd'>
  bus: EventBus
  clock: Clock
  metrics: Pick<Metrics, 'eventsLag' | 'eventsDelivered' | 'sseConnections'>
  onError: (error: unknown) => void
  pollMs?: number | undefined
  /** How long after the last read, or after events were handed out without one, a read for a wake begins. */
  restAfter?: (readMs: number) => number
}>

const BATCH = 1000
const POLL_MS = 2000
const REREAD_MS_MIN = 5
const REREAD_MS_MAX = 100
/** Transactions that wait for older ones; beyond it they are left to the next read. */
const AHEAD_MAX = 1000

export function createHub(options: Options): Hub {
  const { store, bus, clock, metrics, onError, pollMs = POLL_MS } = options
  const rest = options.restAfter ?? restAfter
  const roster = createRoster(clock)
  /**
   * Behind an event, always: numbers that only transactions without success have used are given again after a crash, and
   * then with events.
   */
  let position: Position | null = null
  let line = NOWHERE
  let pumping: Promise<void> | null = null
  let again: Promise<void> | null = null
  let rereadTimer: Timer | undefined
  let paceTimer: Timer | undefined
  let isReadOwed = false
  let handedOutMs = Number.NEGATIVE_INFINITY
  let restMs = rest(Number.POSITIVE_INFINITY)
  let rereadMs = REREAD_MS_MIN
  let closed = false
  /** Committed here and not handed out yet. */
  const ahead = new Map<bigint, Committed>()

  const handOut = (event: StoredEvent) => {
    const subscribers = roster.of(event.authorId)
    if (subscribers.length === 0) return
    const frame = eventFrame(event)
    for (const subscriber of subscribers) subscriber.push(frame, event)
    metrics.eventsDelivered.inc(subscribers.length)
  }

  /**
   * All before the position has ended and was read. So a transaction of ours that has the next number is the next one, and
   * what it wrote is known: the position moves past it without a look into the table.
   */
  const handOutAhead = () => {
    while (position?.seq === 0n) {
      const events = ahead.get(position.xact)
      if (events === undefined) break
      position = startOf(position.xact + 1n)
      handedOutMs = monotonicMs()
      for (const event of events) handOut(event)
    }
    for (const xact of ahead.keys()) if (position === null || xact < position.xact) ahead.delete(xact)
  }
  const forget = () => {
    position = null
    ahead.clear()
    metrics.eventsLag.set(0)
  }
  /**
   * The line never goes back behind an event but in a database that lost what it had committed: restored, or a copy that took
   * over. Positions of before mean nothing there, so all streams end, and come back to be told so.
   */
  const startOver = () => {
    onError(new Error('The database has gone back behind what was read from it'))
    roster.closeAll('error')
    forget()
  }
  const readOn = async (): Promise<void> => {
    isReadOwed = false
    if (roster.size() === 0) return forget()
    handedOutMs = monotonicMs()
    position ??= await store.readEnd()
    for (;;) {
      const from: Position = position
      const startedMs = monotonicMs()
      const tail = await store.readTail(from, BATCH)
      restMs = rest(monotonicMs() - startedMs)
      if (tail.line < from.xact) return startOver()
      line = startOf(tail.line)
      const last = tail.events.at(-1)
      const isFull = tail.events.length === BATCH
      const reached: Position =
        last === undefined ? from : isFull ? last.position : startOf(last.position.xact + 1n)
      // Some may have been handed out while the read was under way.
      const known: Position = position
      const events = tail.events.filter((event) => comparePositions(event.position, known) > 0)
      // First the position: a stream that has no room for one of these reads on up to there by itself.
      if (comparePositions(reached, position) > 0) {
        position = reached
        rereadMs = REREAD_MS_MIN
      }
      for (const event of events) handOut(event)
      if (isFull) continue
      handOutAhead()
      noteLag(tail.heldBackSince)
      return
    }
  }
  /** A wake may come a moment before an older transaction ends; what it holds back is looked for again soon. */
  const noteLag = (since: Date | null) => {
    metrics.eventsLag.set(since === null ? 0 : Math.max(0, (clock.nowMs() - since.getTime()) / 1000))
    clearTimeout(rereadTimer)
    if (since === null || closed) {
      rereadMs = REREAD_MS_MIN
      return
    }
    rereadTimer = setTimeout(wake, rereadMs)
    rereadMs = Math.min(REREAD_MS_MAX, rereadMs * 2)
  }
  /** Resolves after a read that began after the call; calls while one runs share the next. */
  const pump = (): Promise<void> => {
    if (pumping === null) {
      pumping = readOn().finally(() => {
        pumping = null
        // A stream that left meanwhile could not forget what was being read.
        if (roster.size() === 0) forget()
      })
      return pumping
    }
    const current = pumping
    again ??= current
      .catch(() => undefined)
      .then(() => {
        again = null
        return pump()
      })
    return again
  }
  const readSoon = () => {
    if (closed || roster.size() === 0 || paceTimer !== undefined) return
    const waitMs = handedOutMs + restMs - monotonicMs()
    if (waitMs <= 0) return void pump().catch(onError)
    paceTimer = setTimeout(() => {
      paceTimer = undefined
      if (!closed && (isReadOwed || ahead.size > 0)) pump().catch(onError)
    }, waitMs)
  }
  const wake = () => {
    isReadOwed = true
    readSoon()
  }
  let listening = false
  const poll = setInterval(wake, pollMs)
  poll.unref()

  const leave = (subscriber: Subscriber) => {
    roster.remove(subscriber)
    // The next stream starts at its own present, not where this one left off.
    if (roster.size() === 0 && pumping === null) forget()
    metrics.sseConnections.set(roster.size())
  }

  return {
    async join(subscriber) {
      if (closed) throw unavailable(new Error('This process is ending'), 1)
      // Only a process that has streams needs to hear of events.
      if (!listening) bus.onWake(wake)
      listening = true
      roster.add(subscriber)
      metrics.sseConnections.set(roster.size())
      try {
        await pump()
      } catch (error) {
        leave(subscriber)
        throw error
      }
      const present = position ?? NOWHERE
      return { position: present, line: comparePositions(line, present) > 0 ? line : present }
    },
    leave,
    committed(events) {
      const xact = events[0]?.position.xact
      if (xact === undefined || position === null || ahead.size >= AHEAD_MAX) return wake()
      ahead.set(xact, events)
      handOutAhead()
      if (ahead.has(xact)) readSoon()
    },
    position: () => position ?? NOWHERE,
    streamsOf: roster.of,
    async close(reason = 'shutdown') {
      closed = true
      clearInterval(poll)
      clearTimeout(rereadTimer)
      clearTimeout(paceTimer)
      roster.close(reason)
      await pumping?.catch(() => undefined)
    },
  }
}
