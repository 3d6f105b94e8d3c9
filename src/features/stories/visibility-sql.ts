import { type SQL, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import type { Value } from '../../platform/database/statement'

/**
 * The permission rule of visibility.ts as SQL conditions, for lists, and for what is written in the same statement. Each
 * takes the name under which the query knows its stories; the name is ours, never a user's.
 *
 * What is looked up is a value, by key, and not an `exists`: of that PostgreSQL may make a hash or a join over all that the
 * viewer follows, was shown or has seen. The same goes for other look-ups beside a list.
 */

/** The viewer is a friend of the author of the story: follows, and under the mutual rule is followed back. */
export function isFriendSql(rule: FriendsRule, viewerId: Value, story: string): SQL {
  const author = sql.raw(`${story}.author_id`)
  const follows = sql`(select true from follows f where f.follower_id = ${viewerId}::uuid and f.followee_id = ${author}) is true`
  if (rule === 'following') return follows
  return sql`(${follows} and (select true from follows b where b.follower_id = ${author} and b.followee_id = ${viewerId}::uuid) is true)`
}

export function isInAudienceSql(viewerId: Value, story: string): SQL {
  return sql`(select true from story_audience a where a.user_id = ${viewerId}::uuid and a.story_id = ${sql.raw(story)}.id) is true`
}

export function isActiveSql(now: Date | Value, story: string): SQL {
  const at = now instanceof Date ? now.toISOString() : now
  return sql`${sql.raw(story)}.deleted_at is null and ${sql.raw(story)}.expires_at > ${at}::timestamptz`
}

/**
 * The same, where stories are walked in an order of their own: nothing that tempts PostgreSQL to the index of ends, or to
 * plan anew for each moment (docs/decisions/0093).
 */
export const isActiveInWalkSql = (now: Date, story: string): SQL =>
  sql`${sql.raw(story)}.deleted_at is null and coalesce(${sql.raw(story)}.expires_at > ${now.toISOString()}::timestamptz, false)`

/** What a viewer may see among active stories. */
export function mayViewSql(rule: FriendsRule, viewerId: Value, story: string): SQL {
  const s = sql.raw(story)
  return sql`(${s}.visibility = 'public' or ${s}.author_id = ${viewerId}::uuid or (${s}.visibility = 'friends' and
    case when ${s}.has_audience then ${isInAudienceSql(viewerId, story)} else ${isFriendSql(rule, viewerId, story)} end))`
}

/** Something of its own for each rule. */
export const byRule = <T>(make: (rule: FriendsRule) => T): Readonly<Record<FriendsRule, T>> => ({
  following: make('following'),
  mutual: make('mutual'),
})
