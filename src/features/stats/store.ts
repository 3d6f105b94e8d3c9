import { sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'

export type DayRow = Readonly<{
  day: string
  posted: number
  views: number
  lastViewers: number
  /** In the order of EMOJI. */
  reactions: readonly number[]
}>

export function createStatsStore(db: Db) {
  return {
    /** What happened on each day since `fromDay` (YYYY-MM-DD, UTC): at most 16 rows a day are read, whatever the traffic. */
    async sumDays(authorId: string, fromDay: string): Promise<DayRow[]> {
      const rows = await db.execute<{
        day: string
        posted: string
        views: string
        last_viewers: string
        reactions: number[]
      }>(sql`
        select day::text, sum(posted)::text as posted, sum(views)::text as views, sum(last_viewers)::text as last_viewers,
          json_build_array(sum(r1), sum(r2), sum(r3), sum(r4), sum(r5), sum(r6)) as reactions
        from author_days where author_id = ${authorId}::uuid and day >= ${fromDay}::date
        group by day order by day`)
      return rows.map((row) => ({
        day: row.day,
        posted: Number(row.posted),
        views: Number(row.views),
        lastViewers: Number(row.last_viewers),
        reactions: row.reactions,
      }))
    },
  }
}
