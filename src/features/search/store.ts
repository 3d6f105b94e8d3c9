import { type SQL, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import { CUSTOM_PLAN, type Db } from '../../platform/database/client'
import { mayViewSql } from '../stories/visibility-sql'

export type MatchKey = Readonly<{ rank: string; createdAt: Date; id: string }>
export type MatchRow = MatchKey & Readonly<{ authorId: string; marked: string }>

/** The newest matches that a viewer may see are ranked, so that a very common word stays cheap. */
const WINDOW = 1000

/** Marks of a match inside a text that cannot hold them itself. */
export const MARK_START = '\u0001'
export const MARK_STOP = '\u0002'

export function createSearchStore(db: Db, friendsRule: FriendsRule) {
  return {
    /**
     * Active stories that match and that the viewer may see, best first.
     *
     * @param q web-search syntax of PostgreSQL's websearch_to_tsquery
     * @param asOf stories after this moment do not count, so that pages of one search agree
     */
    async findMatches(search: {
      viewerId: string
      q: string
      now: Date
      asOf: Date
      after: MatchKey | null
      limit: number
    }): Promise<MatchRow[]> {
      const { viewerId, after } = search
      const query = sql`websearch_to_tsquery('simple', ${search.q}::text)`
      const options = `StartSel=${MARK_START},StopSel=${MARK_STOP},HighlightAll=true`
      // Private stories apart: an index in the order of time exists for all others, so that the newest matches of a
      // common word are found without looking at all of them.
      const newest = (which: SQL) => sql`
            select s.id, s.author_id, s.created_at, s.tsv from stories s
            where s.deleted_at is null and s.expires_at > ${search.now.toISOString()}::timestamptz
              and s.created_at <= ${search.asOf.toISOString()}::timestamptz and s.tsv @@ ${query} and ${which}
            order by s.created_at desc, s.id desc limit ${sql.raw(String(WINDOW))}`
      const rows = await db.execute<{
        id: string
        author_id: string
        rank: string
        created_at: string
        marked: string
      }>(sql`${sql.raw(CUSTOM_PLAN)}
        with x as materialized (
          (${newest(sql`s.visibility <> 'private' and ${mayViewSql(friendsRule, viewerId, 's')}`)})
          union all
          (${newest(sql`s.visibility = 'private' and s.author_id = ${viewerId}::uuid`)})
          order by created_at desc, id desc limit ${sql.raw(String(WINDOW))}),
        ranked as materialized (
          select x.id, x.author_id, x.created_at, ts_rank(x.tsv, ${query}) as rank from x),
        page as materialized (
          select r.* from ranked r
          ${after === null ? sql`` : sql`where (r.rank, r.created_at, r.id) < (${after.rank}::float4, ${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`}
          order by r.rank desc, r.created_at desc, r.id desc limit ${search.limit})
        select p.id, p.author_id, p.created_at, p.rank::text as rank,
          ts_headline('simple', translate(s.text, ${MARK_START + MARK_STOP}, ''), ${query}, ${options}) as marked
        from page p join stories s on s.id = p.id
        order by p.rank desc, p.created_at desc, p.id desc`)
      return rows.map((row) => ({
        id: row.id,
        authorId: row.author_id,
        rank: row.rank,
        createdAt: new Date(row.created_at),
        marked: row.marked,
      }))
    },
  }
}

export type SearchStore = ReturnType<typeof createSearchStore>
