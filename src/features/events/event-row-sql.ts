import { sql } from 'drizzle-orm'
import { comparePositions, type EventType, type StoredEvent } from './event-types'

/** Of an event, in a statement that knows their table as `e`. */
export const EVENT_COLUMNS = sql.raw(
  'e.xact::text as xact, e.seq::text as seq, e.author_id, e.type, e.data::text as data, e.created_at',
)

export type RawEvent = {
  xact: string
  seq: string
  author_id: string
  type: EventType
  data: string
  created_at: string
}

/** A row of a statement that adds events; those that have added none have nothing there. */
export type MaybeRawEvent = RawEvent | { xact: null }

export const toEvent = (row: RawEvent): StoredEvent => ({
  position: { xact: BigInt(row.xact), seq: BigInt(row.seq) },
  authorId: row.author_id,
  type: row.type,
  data: row.data,
  createdAt: new Date(row.created_at),
})

/** The events that one statement has added, in their order. */
export const newEvents = (rows: readonly MaybeRawEvent[]): readonly StoredEvent[] =>
  rows
    .flatMap((row) => (row.xact === null ? [] : toEvent(row)))
    .sort((a, b) => comparePositions(a.position, b.position))
