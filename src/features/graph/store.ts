import { and, desc, eq, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import type { TimeKey } from '../../kernel/cursor'
import { unavailable } from '../../kernel/errors'
import type { Db } from '../../platform/database/client'
import { brokenConstraint } from '../../platform/database/failures'
import { follows, users } from '../../platform/database/schema'
import { arrayLiteral } from '../../platform/database/statement'
import { isFriendSql } from '../stories/visibility-sql'

export type FollowRow = typeof follows.$inferSelect
export type SavedFollow = Readonly<{ row: FollowRow; isNew: boolean }>
export type FollowedRow = Readonly<{ id: string; handle: string; followedAt: Date }>

const RACE_ATTEMPTS_MAX = 20

export function createGraphStore(db: Db) {
  /** People at the `person` end of the follows whose `fixed` end is this user, newest first. */
  const page = async (
    fixed: typeof follows.followerId,
    person: typeof follows.followeeId | typeof follows.followerId,
    userId: string,
    after: TimeKey | null,
    limit: number,
  ): Promise<FollowedRow[]> =>
    db
      .select({ id: users.id, handle: users.handle, followedAt: follows.createdAt })
      .from(follows)
      .innerJoin(users, eq(users.id, person))
      .where(
        and(
          eq(fixed, userId),
          after === null
            ? undefined
            : sql`(${follows.createdAt}, ${person}) < (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`,
        ),
      )
      .orderBy(desc(follows.createdAt), desc(person))
      .limit(limit)

  return {
    /**
     * The follow, and whether it is new; null when there is no such followee. Several at once may lead a little beyond
     * `followsMax`.
     */
    async insertFollow(row: FollowRow, followsMax: number): Promise<SavedFollow | 'too_many' | null> {
      const hasAsMany = sql`(select true from follows where follower_id = ${row.followerId}::uuid offset ${followsMax - 1} limit 1) is true`
      // A follow that stands in the way may be taken back before it can be read; then it is in the way no more.
      for (let attempt = 0; attempt < RACE_ATTEMPTS_MAX; attempt++) {
        try {
          const inserted = await db.execute(sql`
            insert into follows (follower_id, followee_id, created_at)
            select ${row.followerId}::uuid, ${row.followeeId}::uuid, ${row.createdAt.toISOString()}::timestamptz
            where not ${hasAsMany} on conflict do nothing returning 1`)
          if (inserted.length > 0) return { row, isNew: true }
        } catch (error) {
          if (brokenConstraint(error) !== null) return null
          throw error
        }
        const [existing] = await db
          .select()
          .from(follows)
          .where(and(eq(follows.followerId, row.followerId), eq(follows.followeeId, row.followeeId)))
        if (existing !== undefined) return { row: existing, isNew: false }
        const [state] = await db.execute<{ is_full: boolean; is_somebody: boolean }>(sql`
          select ${hasAsMany} as is_full, exists (select 1 from users where id = ${row.followeeId}::uuid) as is_somebody`)
        if (state?.is_somebody === false) return null
        if (state?.is_full) return 'too_many'
      }
      throw unavailable(new Error('a follow and its end kept overtaking each other'), 1)
    },
    async deleteFollow(followerId: string, followeeId: string): Promise<boolean> {
      const rows = await db
        .delete(follows)
        .where(and(eq(follows.followerId, followerId), eq(follows.followeeId, followeeId)))
        .returning({ followeeId: follows.followeeId })
      return rows.length > 0
    },
    following: (userId: string, after: TimeKey | null, limit: number) =>
      page(follows.followerId, follows.followeeId, userId, after, limit),
    followers: (userId: string, after: TimeKey | null, limit: number) =>
      page(
        follows.followeeId as unknown as typeof follows.followerId,
        follows.followerId,
        userId,
        after,
        limit,
      ),
    /** Everybody whom the user follows; null, after a bounded read, for more than `followsMax`. */
    async followeeIds(userId: string, followsMax: number): Promise<string[] | null> {
      const rows = await db
        .select({ id: follows.followeeId })
        .from(follows)
        .where(eq(follows.followerId, userId))
        .limit(followsMax + 1)
      return rows.length > followsMax ? null : rows.map((row) => row.id)
    },
    /** Those of them who follow back; null as above, since each follow has to be looked at. */
    async mutualIds(userId: string, followsMax: number): Promise<string[] | null> {
      const rows = await db.execute<{ id: string; is_mutual: boolean | null }>(sql`
        with f as materialized (
          select followee_id as id from follows where follower_id = ${userId}::uuid limit ${followsMax + 1})
        select f.id, b.is_mutual from f left join lateral (
          select true as is_mutual from follows b
          where b.follower_id = f.id and b.followee_id = ${userId}::uuid limit 1) b on true`)
      return rows.length > followsMax ? null : rows.filter((row) => row.is_mutual).map((row) => row.id)
    },
    /** Which of these authors the viewer is a friend of. */
    async friendsAmong(
      viewerId: string,
      authorIds: readonly string[],
      rule: FriendsRule,
    ): Promise<Set<string>> {
      const rows = await db.execute<{ id: string }>(sql`
        select a.author_id as id from unnest(${arrayLiteral(authorIds)}::uuid[]) as a(author_id)
        where ${isFriendSql(rule, viewerId, 'a')}`)
      return new Set(rows.map((row) => row.id))
    },
  }
}

export type GraphStore = ReturnType<typeof createGraphStore>
