import { sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'
import { EVENT_COLUMNS, type RawEvent, toEvent } from './event-row-sql'
import { type EventType, NOWHERE, type Position, type StoredEvent, startOf } from './event-types'

export type Tail = Readonly<{
  events: StoredEvent[]
  /** Everything before it is final and complete. */
  line: bigint
  /** When the oldest event was made that is committed but not below the line yet, if there is one. */
  heldBackSince: Date | null
}>

const isAfter = (position: Position) =>
  sql`(e.xact, e.seq) > (${String(position.xact)}::xid8, ${String(position.seq)}::bigint)`

export function createEventStore(db: Db) {
  return {
    /** Adds an event for an author, inside the sender's transaction. */
    async append(authorId: string, type: EventType, data: object, createdAt: Date): Promise<void> {
      await db.execute(sql`
        insert into events (author_id, type, data, created_at)
        values (${authorId}::uuid, ${type}, ${JSON.stringify(data)}::text::jsonb, ${createdAt.toISOString()}::timestamptz)`)
    },
    /** Behind the newest event below the line. */
    async readEnd(): Promise<Position> {
      const rows = await db.execute<{ last: string }>(sql`
        select e.xact::text as last from events e where e.xact < pg_snapshot_xmin(pg_current_snapshot())
        order by e.xact desc limit 1`)
      return rows[0] === undefined ? NOWHERE : startOf(BigInt(rows[0].last) + 1n)
    },
    /**
     * Everybody's events after a position and below the line, in order. What is held back is asked for once, by the
     * key: as a minimum over all rows above the line it would be sought in every row by age, for each event again.
     */
    async readTail(after: Position, limit: number): Promise<Tail> {
      const rows = await db.execute<
        RawEvent & { line: string; held_since: string | null; seq: string | null }
      >(sql`
        with l as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as line),
        held as materialized (
          select (select h.created_at from events h where h.xact >= l.line order by h.xact, h.seq limit 1) as since
          from l)
        select l.line::text as line, held.since as held_since, t.*
        from l cross join held left join lateral (
          select ${EVENT_COLUMNS} from events e where ${isAfter(after)} and e.xact < l.line
          order by e.xact, e.seq limit ${limit}) t on true`)
      const first = rows[0]
      return {
        events: rows.filter((row) => row.seq !== null).map(toEvent),
        line: BigInt(first?.line ?? 0),
        heldBackSince: first?.held_since ? new Date(first.held_since) : null,
      }
    },
    /** An author's events after a position, up to and with another, in order. */
    async readAfter(
      authorId: string,
      after: Position,
      until: Position,
      limit: number,
    ): Promise<StoredEvent[]> {
      const rows = await db.execute<RawEvent>(sql`
        select ${EVENT_COLUMNS} from events e
        where e.author_id = ${authorId}::uuid and ${isAfter(after)}
          and (e.xact, e.seq) <= (${String(until.xact)}::xid8, ${String(until.seq)}::bigint)
          and e.xact < pg_snapshot_xmin(pg_current_snapshot())
        order by e.xact, e.seq limit ${limit}`)
      return rows.map(toEvent)
    },
    /** Drops up to `limit` events from before a moment; returns how many. */
    async dropBefore(moment: Date, limit: number): Promise<number> {
      const rows = await db.execute(sql`
        with old as (
          select xact, seq from events where created_at < ${moment.toISOString()}::timestamptz
          order by created_at limit ${limit} for update skip locked)
        delete from events e using old where e.xact = old.xact and e.seq = old.seq returning 1`)
      return rows.length
    },
  }
}

export type EventStore = ReturnType<typeof createEventStore>
