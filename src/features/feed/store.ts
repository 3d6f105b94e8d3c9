import { type SQL, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import type { TimeKey } from '../../kernel/cursor'
import type { Db } from '../../platform/database/client'
import {
  isActiveInWalkSql,
  isActiveSql,
  isFriendSql,
  isInAudienceSql,
  mayViewSql,
} from '../stories/visibility-sql'

/** One row of a feed's skeleton: which story, and what the rules need to be asked about its author. */
export type FeedRow = Readonly<{ id: string; authorId: string; createdAt: Date }>

export type TrayKey = Readonly<{ hasUnseen: boolean; latestAt: Date; authorId: string }>
export type TrayRow = TrayKey & Readonly<{ handle: string; stories: number; unseen: number }>

type RawFeedRow = { id: string; author_id: string; created_at: string; go_on: boolean }

/** How many of the newest active stories are looked through before the branches are searched apart. */
const WINDOW = 400
/** How many of the newest active stories the tray counts besides those of followees and audiences. */
const TRAY_WINDOW = 2000
const TRAY_PER_FOLLOWEE = 50
/** Of how many followees: who follows more people with active stories has the last to post. */
const TRAY_FOLLOWEES = 1000
const TRAY_AUDIENCE = 500

const FIRST_KEY = sql`('infinity'::timestamptz, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)`

const before = (key: TimeKey | null): SQL =>
  key === null ? FIRST_KEY : sql`((select ${key.at.toISOString()}::timestamptz), (select ${key.id}::uuid))`

const toFeedRow = (row: RawFeedRow): FeedRow => ({
  id: row.id,
  authorId: row.author_id,
  createdAt: new Date(row.created_at),
})

export function createFeedStore(db: Db, friendsRule: FriendsRule) {
  /**
   * Walks the newest active stories and keeps those the viewer may see, until there are enough or the window ends. A
   * row with `go_on` is no item: it is the window's end, from where the branches have to be searched.
   */
  const walk = (viewerId: string, now: Date, after: TimeKey | null, limit: number) =>
    db.execute<RawFeedRow>(sql`
      with w as materialized (
        select created_at, id, author_id, visibility, has_audience from stories s
        where ${isActiveInWalkSql(now, 's')} and visibility <> 'private' and (created_at, id) < ${before(after)}
        order by created_at desc, id desc limit ${sql.raw(String(WINDOW))}),
      m as materialized (
        select id, created_at, author_id from w
        where w.visibility = 'public' or w.author_id = ${viewerId}::uuid
          or case when w.has_audience then ${isInAudienceSql(viewerId, 'w')} else ${isFriendSql(friendsRule, viewerId, 'w')} end
        limit (select ${limit}::bigint)),
      e as materialized (
        select id, created_at, author_id from w
        where case when (select count(*) from m) >= ${limit} then false
          else (select count(*) from w) >= ${sql.raw(String(WINDOW))} end
        order by created_at, id limit 1)
      select id, created_at, author_id, false as go_on from m
      union all select id, created_at, author_id, true from e
      order by created_at desc, id desc, go_on`)

  /** Searches public stories, followees, audiences and own stories apart, each by its own index, and merges them. */
  const searchBranches = (viewerId: string, now: Date, after: TimeKey, limit: number) => {
    const key = before(after)
    const viewer = sql`(select ${viewerId}::uuid)`
    const most = sql`(select ${limit}::bigint)`
    const isFriend =
      friendsRule === 'following'
        ? sql``
        : sql`and exists (select 1 from follows b where b.follower_id = f.followee_id and b.followee_id = f.follower_id)`
    const inRange = (s: string) =>
      sql`${isActiveInWalkSql(now, s)} and (${sql.raw(s)}.created_at, ${sql.raw(s)}.id) < ${key}
        and ${sql.raw(s)}.created_at >= (select t from b)`
    return db.execute<RawFeedRow>(sql`
      with pub as materialized (
        select s.created_at, s.id, s.author_id from stories s
        where s.visibility = 'public' and ${isActiveInWalkSql(now, 's')} and (s.created_at, s.id) < ${key}
        order by s.created_at desc, s.id desc limit ${most}),
      b as materialized (
        select case when count(*) >= ${limit} then min(created_at) else '-infinity' end t from pub)
      select id, created_at, author_id, false as go_on from (
        (select * from pub)
        union all (
          select n.created_at, n.id, n.author_id from (
            select f.followee_id from follows f where f.follower_id = ${viewer} ${isFriend}) f
          cross join lateral (
            select s.created_at, s.id, s.author_id from stories s
            where s.author_id = f.followee_id and s.visibility = 'friends' and not s.has_audience and ${inRange('s')}
            order by s.created_at desc, s.id desc limit ${most}) n
          order by n.created_at desc, n.id desc limit ${most})
        union all (
          select s.created_at, s.id, s.author_id from story_audience a join stories s on s.id = a.story_id
          where a.user_id = ${viewer} and s.author_id <> ${viewer} and s.visibility = 'friends' and s.has_audience
            and ${isActiveInWalkSql(now, 's')} and (a.created_at, a.story_id) < ${key} and a.created_at >= (select t from b)
          order by a.created_at desc, a.story_id desc limit ${most})
        union all (
          select s.created_at, s.id, s.author_id from stories s
          where s.author_id = ${viewer} and s.visibility = 'friends' and ${inRange('s')}
          order by s.created_at desc, s.id desc limit ${most})
      ) u
      order by created_at desc, id desc limit ${most}`)
  }

  return {
    /** Which stories the viewer may see, newest first by (created_at, id), after a key. */
    async listSkeleton(
      viewerId: string,
      now: Date,
      after: TimeKey | null,
      limit: number,
    ): Promise<FeedRow[]> {
      const walked = await walk(viewerId, now, after, limit)
      const found = walked.filter((row) => !row.go_on).map(toFeedRow)
      const end = walked.find((row) => row.go_on)
      if (end === undefined || found.length >= limit) return found
      const from = { at: new Date(end.created_at), id: end.id }
      const rest = await searchBranches(viewerId, now, from, limit - found.length)
      return [...found, ...rest.map(toFeedRow)]
    },

    /**
     * Who has active stories that the viewer may see: unseen first, then newest. Counted are the newest public ones,
     * and those of followees (of many the last to post) and audiences however old.
     *
     * @param asOf the first page's moment: the order is that of what was active and unseen then, so that nothing that
     *   is posted, viewed or deleted meanwhile moves anybody to another page; the counts are of what is active now
     */
    async listTray(
      viewerId: string,
      now: Date,
      asOf: Date,
      after: TrayKey | null,
      limit: number,
    ): Promise<TrayRow[]> {
      const viewer = sql`${viewerId}::uuid`
      const until = sql`${asOf.toISOString()}::timestamptz`
      const wasThere = sql`${isActiveInWalkSql(asOf, 's')} and s.created_at <= ${until} and s.visibility <> 'private'`
      const rows = await db.execute<{
        author_id: string
        handle: string
        latest_at: string
        has_unseen: boolean
        stories: number
        unseen: number
      }>(sql`
        with near as (
          select s.id from stories s where ${wasThere}
          order by s.created_at desc, s.id desc limit ${sql.raw(String(TRAY_WINDOW))}),
        followees as materialized (
          select f.followee_id as id from follows f cross join lateral (
            select s.created_at from stories s where s.author_id = f.followee_id and ${wasThere}
            order by s.created_at desc, s.id desc limit 1) n
          where f.follower_id = ${viewer}
          order by n.created_at desc, f.followee_id limit ${sql.raw(String(TRAY_FOLLOWEES))}),
        followed as (
          select n.id from followees f cross join lateral (
            select s.id from stories s where s.author_id = f.id and ${wasThere}
            order by s.created_at desc, s.id desc limit ${sql.raw(String(TRAY_PER_FOLLOWEE))}) n),
        listed as (
          select a.story_id as id from story_audience a where a.user_id = ${viewer}
          order by a.created_at desc, a.story_id desc limit ${sql.raw(String(TRAY_AUDIENCE))}),
        own as (
          select s.id from stories s where s.author_id = ${viewer} and ${wasThere}
          order by s.created_at desc limit ${sql.raw(String(TRAY_PER_FOLLOWEE))}),
        gone as (
          select s.id from stories s where s.deleted_at is not null and s.deleted_at > ${until}
          order by s.deleted_at limit ${sql.raw(String(TRAY_WINDOW))}),
        ids as (
          select id from near union select id from followed union select id from listed
          union select id from own union select id from gone),
        seen as (
          select s.author_id, s.created_at, (${isActiveSql(now, 's')}) as is_active,
            s.author_id <> ${viewer} and (
              select true from story_views v where v.story_id = s.id and v.viewer_id = ${viewer} and v.viewed_at <= ${until}
            ) is not true as is_unseen
          from ids join stories s on s.id = ids.id
          where (s.deleted_at is null or s.deleted_at > ${until}) and s.expires_at > ${until}
            and s.created_at <= ${until} and s.visibility <> 'private' and ${mayViewSql(friendsRule, viewerId, 's')}),
        tray as (
          select author_id, max(created_at) as latest_at, bool_or(is_unseen) as has_unseen,
            count(*) filter (where is_active)::int as stories,
            count(*) filter (where is_active and is_unseen)::int as unseen
          from seen group by author_id)
        select t.author_id, u.handle, t.latest_at, t.has_unseen, t.stories, t.unseen
        from tray t join users u on u.id = t.author_id
        where t.stories > 0
        ${after === null ? sql`` : sql`and (t.has_unseen, t.latest_at, t.author_id) < (${after.hasUnseen}::boolean, ${after.latestAt.toISOString()}::timestamptz, ${after.authorId}::uuid)`}
        order by t.has_unseen desc, t.latest_at desc, t.author_id desc limit ${limit}`)
      return rows.map((row) => ({
        authorId: row.author_id,
        handle: row.handle,
        latestAt: new Date(row.latest_at),
        stories: row.stories,
        unseen: row.unseen,
        hasUnseen: row.has_unseen,
      }))
    },
  }
}
