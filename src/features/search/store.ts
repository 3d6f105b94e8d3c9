import { type SQL, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import type { Db } from '../../platform/database/client'
import { SEARCH_BUCKET } from '../../platform/database/schema'
import { arrayLiteral } from '../../platform/database/statement'
import { isActiveInWalkSql, mayViewSql } from '../stories/visibility-sql'
import {
  BUCKET_SECONDS,
  bucketsOf,
  CANDIDATES,
  chooseRoute,
  type Hint,
  NEAR,
  NEAR_COMMON,
  RECENT_BUCKETS,
  type Route,
  widen,
} from './rules'

export type MatchKey = Readonly<{ rank: string; createdAt: Date; id: string }>
export type Candidate = MatchKey & Readonly<{ authorId: string }>

export type Search = Readonly<{
  viewerId: string
  /** Web-search syntax of PostgreSQL's websearch_to_tsquery. */
  q: string
  now: Date
  /** Stories after this moment do not count, so that pages of one search agree. */
  asOf: Date
  after: MatchKey | null
  limit: number
}>

/** Marks of a match inside a text that cannot hold them itself. */
export const MARK_START = '\u0001'
export const MARK_STOP = '\u0002'

type PageRow = { id: string | null; author_id: string; rank: string; created_at: string; found: number }

const querySql = (q: string): SQL => sql`(select websearch_to_tsquery('simple', ${q}::text))`
const IN_BUCKETS = sql.raw(`${SEARCH_BUCKET} &&`)
const NEWEST_BUCKET = `(select floor(extract(epoch from newest at time zone 'UTC') / ${BUCKET_SECONDS})::integer from near)`
const RECENT = sql.raw(
  `array[${Array.from({ length: RECENT_BUCKETS }, (_, i) => `${NEWEST_BUCKET} - ${i}`).join(', ')}]`,
)

export function createSearchStore(db: Db, friendsRule: FriendsRule) {
  /** Matches among the newest stories; and, unless those tell enough, among the stories of the newest quarters. */
  const look = async ({ q, asOf }: Search): Promise<Hint> => {
    const [row] = await db.execute<{ near: number; newest: string | null; recent: number }>(sql`
      with near as materialized (
        select count(*) filter (where n.tsv @@ ${querySql(q)})::int as matches, max(n.created_at) as newest from (
          select tsv, created_at from stories where deleted_at is null and visibility <> 'private'
            and created_at <= ${asOf.toISOString()}::timestamptz
          order by created_at desc, id desc limit ${sql.raw(String(NEAR))}) n)
      select near.matches as near, near.newest,
        case when near.matches >= ${sql.raw(String(NEAR_COMMON))} or near.newest is null then 0 else (
          select count(*)::int from (
            select from stories where deleted_at is null and tsv @@ ${querySql(q)}
              and ${IN_BUCKETS} ${RECENT} limit ${sql.raw(String(CANDIDATES))}) r) end as recent
      from near`)
    const { near = 0, newest = null, recent = 0 } = row ?? {}
    return { near, recent, newest: newest === null ? null : new Date(newest) }
  }

  const isCandidate = ({ now, asOf, viewerId }: Search) =>
    sql`${isActiveInWalkSql(now, 's')} and s.created_at <= ${asOf.toISOString()}::timestamptz
          and ${mayViewSql(friendsRule, viewerId, 's')}`
  const columns = sql.raw('s.id, s.author_id, s.created_at, s.tsv')
  const newest = sql.raw(`order by created_at desc, id desc limit ${CANDIDATES}`)

  /** By the word index, whole or of the newest quarters; kept from the planner's idea of an order to walk in. */
  const fromIndex = (search: Search, buckets: readonly number[] | null) => sql`
        select * from (
          select ${columns} from stories s where s.tsv @@ ${querySql(search.q)}
          ${buckets === null ? sql`` : sql`and ${IN_BUCKETS} ${arrayLiteral(buckets)}::integer[]`} and ${isCandidate(search)}
          offset 0) i ${newest}`

  /**
   * In the order of time, with the words as a filter: "is true" is what no index can answer. What is for everybody, of each
   * followee, for the viewer by name and their own are walked apart, as one walk over all would look at everything where
   * little is for everybody; none goes further back than a thousand matches for everybody.
   */
  const fromWalk = (search: Search) => {
    const viewer = sql`(select ${search.viewerId}::uuid)`
    const end = sql.raw('(select t from b)')
    const newestWhere = (which: SQL, order = newest) => sql`
          select ${columns} from stories s
          where ${isCandidate(search)} and (s.tsv @@ ${querySql(search.q)}) is true and ${which} ${order}`
    const later = sql`s.created_at >= ${end}`
    const ofFriend = sql`s.author_id = f.followee_id and s.visibility = 'friends' and not s.has_audience and ${later}`
    const byName = sql`s.id = a.story_id and s.visibility = 'friends' and s.has_audience and s.author_id <> ${viewer}`
    const own = sql`s.author_id = ${viewer} and s.visibility <> 'public' and ${later}`
    return sql`
        with pub as materialized (${newestWhere(sql`s.visibility = 'public'`)}),
        b as materialized (
          select case when count(*) >= ${sql.raw(String(CANDIDATES))} then min(created_at) else '-infinity' end as t from pub)
        select * from (
          (select * from pub)
          union all (
            select n.* from (select f.followee_id from follows f where f.follower_id = ${viewer} offset 0) f
            cross join lateral (${newestWhere(ofFriend)}) n ${newest})
          union all (
            select n.* from (
              select a.story_id from story_audience a where a.user_id = ${viewer} and a.created_at >= ${end} offset 0) a
            cross join lateral (${newestWhere(byName, sql`limit 1`)}) n ${newest})
          union all (${newestWhere(own)})
        ) w ${newest}`
  }

  const rankPage = async (search: Search, route: Route, newest: Date) => {
    const { after, limit } = search
    const source =
      route.kind === 'walk'
        ? fromWalk(search)
        : fromIndex(search, route.kind === 'all' ? null : bucketsOf(route.buckets, newest, search.asOf))
    return db.execute<PageRow>(sql`
      with x as materialized (${source}),
      ranked as materialized (
        select x.id, x.author_id, x.created_at, ts_rank(x.tsv, ${querySql(search.q)}) as rank from x),
      page as materialized (
        select r.* from ranked r
        ${after === null ? sql`` : sql`where (r.rank, r.created_at, r.id) < (${after.rank}::float4, ${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`}
        order by r.rank desc, r.created_at desc, r.id desc limit ${limit})
      select p.id, p.author_id, p.created_at, p.rank::text as rank, n.found
      from (select count(*)::int as found from x) n left join page p on true
      order by p.rank desc, p.created_at desc, p.id desc`)
  }

  return {
    /**
     * A page of the newest matches that the viewer may see, best first. May be asked of a replica: whatever is shown is
     * judged again.
     */
    async findCandidates(search: Search): Promise<Candidate[]> {
      const hint = await look(search)
      let route = chooseRoute(hint)
      for (;;) {
        const rows = await rankPage(search, route, hint.newest ?? search.asOf)
        const found = rows[0]?.found ?? 0
        if (route.kind === 'window' && found < CANDIDATES) route = widen(route.buckets, found)
        else return rows.flatMap(toCandidate)
      }
    },

    /** The texts of stories with the matches marked, by id. To be asked of the primary, like all that is shown. */
    async markMatches(q: string, ids: readonly string[]): Promise<Map<string, string>> {
      if (ids.length === 0) return new Map()
      const options = `StartSel=${MARK_START},StopSel=${MARK_STOP},HighlightAll=true`
      const rows = await db.execute<{ id: string; marked: string }>(sql`
        select s.id, ts_headline('simple', translate(coalesce(s.text, ''), ${MARK_START + MARK_STOP}, ''), ${querySql(q)}, ${options}) as marked
        from stories s where s.id = any(${arrayLiteral(ids)}::text::uuid[])`)
      return new Map(rows.map((row) => [row.id, row.marked]))
    },
  }
}

const toCandidate = ({ id, author_id, rank, created_at }: PageRow): Candidate[] =>
  id === null ? [] : [{ id, authorId: author_id, rank, createdAt: new Date(created_at) }]
