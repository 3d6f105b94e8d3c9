import { sql } from 'drizzle-orm'
import { comparePositions, type StoredEvent } from './event-types'

/** What a statement that adds events returns of them, for `newEvents`. */
export const EVENT_COLUMNS = sql.raw('xact::text as xact, seq::text as seq, data::text as data')

/** Null in a row that has added none. */
export type RawNewEvent = { xact: string | null; seq: string | null; data: string | null }

/**
 * The events that one statement has added, in their order.
 *
 * @param rest what the row knows of its event besides
 */
export const newEvents = <Row extends RawNewEvent>(
  rows: readonly Row[],
  rest: (row: Row) => Pick<StoredEvent, 'authorId' | 'type' | 'createdAt'>,
): readonly StoredEvent[] =>
  rows
    .flatMap((row) =>
      row.xact === null || row.seq === null || row.data === null
        ? []
        : { ...rest(row), position: { xact: BigInt(row.xact), seq: BigInt(row.seq) }, data: row.data },
    )
    .sort((a, b) => comparePositions(a.position, b.position))
