import { sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'

export type ExpiredBatch = Readonly<{ count: number; lastExpiresAt: string | null }>

export function createExpiryStore(db: Db) {
  return {
    /** When the oldest story that is due became so, or null. */
    async oldestDue(now: Date): Promise<Date | null> {
      const rows = await db.execute<{ at: string | null }>(sql`
        select min(expires_at) as at from stories
        where deleted_at is null and expires_at <= ${now.toISOString()}::timestamptz`)
      return rows[0]?.at ? new Date(rows[0].at) : null
    },
    /**
     * Ends up to `limit` due stories and gives up their media. Rows that another worker holds are skipped; the weak lock
     * lets a view's foreign key check pass. Rows are found again by their place on disk, which the lock keeps, and each
     * batch starts at the last `expires_at` of the one before, so that dead index entries are not walked again.
     */
    async expireBatch(now: Date, fromExpiresAt: string | null, limit: number): Promise<ExpiredBatch> {
      const at = sql`${now.toISOString()}::timestamptz`
      const rows = await db.execute<{ count: number; last: string | null }>(sql`
        with ended as (
          update stories s set deleted_at = ${at}
          where s.deleted_at is null and s.ctid = any(array(
            select d.ctid from stories d
            where d.deleted_at is null and d.expires_at <= ${at} and d.expires_at >= ${fromExpiresAt ?? '-infinity'}::timestamptz
            order by d.expires_at limit ${sql.raw(String(Math.trunc(limit)))} for no key update skip locked))
          returning s.id, s.expires_at, s.media_key),
        media as (
          update media_uploads m set state = 'removing' from ended
          where ended.media_key is not null and m.story_id = ended.id and m.state = 'claimed')
        select count(*)::int as count, max(expires_at)::text as last from ended`)
      return { count: rows[0]?.count ?? 0, lastExpiresAt: rows[0]?.last ?? null }
    },
  }
}
