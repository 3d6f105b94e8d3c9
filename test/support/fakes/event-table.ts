import {
  comparePositions,
  type EventType,
  type Position,
  type StoredEvent,
} from '../../../src/features/events/event-types'
import type { EventStore, Tail } from '../../../src/features/events/store'
import { NOON } from './clock'

/** The events table in memory: rows become readable when the line passes them, as in PostgreSQL. */
export function eventTable(line = 100n) {
  const rows: StoredEvent[] = []
  let next = line
  const state = { line, reads: 0, failure: null as Error | null }
  const readable = (after: Position) =>
    rows
      .filter(({ position }) => comparePositions(position, after) > 0 && position.xact < state.line)
      .sort((a, b) => comparePositions(a.position, b.position))
  const store: Pick<EventStore, 'readTail' | 'readLine' | 'readAfter'> = {
    async readLine() {
      if (state.failure !== null) throw state.failure
      return state.line
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
  return {
    store,
    state,
    /** A transaction with one event; it is below the line unless it stays open beside others. */
    commit(authorId: string, name: string, options: { heldBack?: boolean } = {}): StoredEvent {
      const type: EventType = 'story.viewed'
      const data = JSON.stringify({ story_id: name, viewer_id: 'v', viewed_at: 'now' })
      const event = {
        position: { xact: next++, seq: BigInt(rows.length + 1) },
        authorId,
        type,
        data,
        createdAt: NOON,
      }
      rows.push(event)
      if (options.heldBack !== true) state.line = next
      return event
    },
    /** Every transaction has ended. */
    release() {
      state.line = next
    },
  }
}
