import {
  comparePositions,
  NOWHERE,
  type Position,
  type StoredEvent,
  startOf,
} from '../../../src/features/events/event-types'
import type { EventStore, Tail } from '../../../src/features/events/store'
import { NOON } from './clock'

/** The events table in memory: rows become readable when the line passes them, as in PostgreSQL. */
export function eventTable(line = 100n) {
  const rows: StoredEvent[] = []
  const open = new Set<bigint>()
  let next = line
  let seq = 0n
  const state = { line, reads: 0, failure: null as Error | null }
  const readable = (after: Position) =>
    rows
      .filter(({ position }) => comparePositions(position, after) > 0 && position.xact < state.line)
      .sort((a, b) => comparePositions(a.position, b.position))
  const store: Pick<EventStore, 'readTail' | 'readEnd' | 'readAfter'> = {
    async readEnd() {
      if (state.failure !== null) throw state.failure
      const last = readable(NOWHERE).at(-1)
      return last === undefined ? NOWHERE : startOf(last.position.xact + 1n)
    },
    async readTail(after, limit): Promise<Tail> {
      state.reads++
      if (state.failure !== null) throw state.failure
      const held = rows.some(({ position }) => position.xact >= state.line)
      return { events: readable(after).slice(0, limit), line: state.line, heldBackSince: held ? NOON : null }
    },
    async readAfter(authorId, after, until, limit) {
      if (state.failure !== null) throw state.failure
      const own = readable(after).filter((row) => row.authorId === authorId)
      return own.filter(({ position }) => comparePositions(position, until) <= 0).slice(0, limit)
    },
  }
  const eventOf = (authorId: string, name: string): StoredEvent => ({
    position: { xact: next++, seq: ++seq },
    authorId,
    type: 'story.viewed',
    data: JSON.stringify({ story_id: name, viewer_id: 'v', viewed_at: 'now' }),
    createdAt: NOON,
  })
  return {
    store,
    state,
    /** A transaction with one event that stays open, and holds the line where it is, until it is committed. */
    begin(authorId: string, name: string): { event: StoredEvent; commit(): void } {
      const event = eventOf(authorId, name)
      open.add(event.position.xact)
      return {
        event,
        commit() {
          rows.push(event)
          open.delete(event.position.xact)
          state.line = [...open, next].sort((a, b) => (a < b ? -1 : 1))[0] ?? next
        },
      }
    },
    /** A transaction with one event; it is below the line unless it stays open beside others. */
    commit(authorId: string, name: string, options: { heldBack?: boolean } = {}): StoredEvent {
      const event = eventOf(authorId, name)
      rows.push(event)
      if (options.heldBack !== true) state.line = next
      return event
    },
    /** A transaction that is taken back. */
    abort() {
      next++
      state.line = next
    },
    /** Ends at once and recovers: what was committed is there, and numbers that nobody committed under are given again. */
    crash() {
      next = rows.reduce((top, { position }) => (position.xact >= top ? position.xact + 1n : top), line)
      open.clear()
      state.line = next
    },
    /** The table as it was when the line was there. */
    restore(to: bigint) {
      rows.splice(0, rows.length, ...rows.filter(({ position }) => position.xact < to))
      next = to
      state.line = to
    },
    /** As when all events are too old to be kept. */
    drop() {
      rows.length = 0
    },
    /** Every transaction has ended. */
    release() {
      state.line = next
    },
  }
}
