import { and, eq, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import type { Db } from '../../platform/database/client'
import { reactions } from '../../platform/database/schema'
import { createStatement } from '../../platform/database/statement'
import { byRule, isActiveSql, mayViewSql } from '../stories/visibility-sql'

export type ReactionRow = typeof reactions.$inferSelect

const INSERT_REACTION = byRule((rule) =>
  createStatement(
    ['turn', 'id', 'storyId', 'userId', 'emoji', 'at'],
    ({ turn, id, storyId, userId, emoji, at }) => sql`
      with turn as materialized (
        select pg_advisory_xact_lock(hashtextextended(${turn}::text, 0))
      ), s as materialized (
        select s.id, s.author_id from turn, stories s where s.id = ${storyId}::uuid
          and ${isActiveSql(at, 's')} and ${mayViewSql(rule, userId, 's')}
      ), r as (
        insert into reactions (id, story_id, user_id, emoji, created_at)
        select ${id}::uuid, s.id, ${userId}::uuid, ${emoji}, ${at}::timestamptz from s
        on conflict (story_id, user_id) do nothing returning id
      ), e as (
        insert into events (author_id, type, data, created_at)
        select s.author_id, 'story.reacted', jsonb_build_object('story_id', s.id, 'user_id', ${userId}::text,
          'emoji', ${emoji}::text, 'created_at', ${at}::text), ${at}::timestamptz
        from r, s where s.author_id <> ${userId}::uuid
      )
      select s.author_id, exists (select 1 from r) as is_new from s`,
  ),
)

export function createReactionStore(db: Db, friendsRule: FriendsRule) {
  return {
    /**
     * The user's reaction to a story that they may see, and the author's event (none for an author's own reaction), in
     * one statement; `isNew` is false, and nothing has changed, when the user has one already; null when there is no
     * such story for this user. The advisory lock is held before the transaction gets its number, so that a person's
     * changes at once send their events in the order they happen.
     */
    async insertReaction(row: ReactionRow): Promise<{ authorId: string; isNew: boolean } | null> {
      const { id, storyId, userId, emoji } = row
      const turn = `reaction:${storyId}:${userId}`
      const values = { turn, id, storyId, userId, emoji, at: row.createdAt.toISOString() }
      const rows = await INSERT_REACTION[friendsRule]<{ author_id: string; is_new: boolean }>(db, values)
      return rows[0] === undefined ? null : { authorId: rows[0].author_id, isNew: rows[0].is_new }
    },
    /** The user's reaction, locked, so that of two changes at once the second sees the first. */
    async lockReaction(storyId: string, userId: string): Promise<ReactionRow | null> {
      const rows = await db
        .select()
        .from(reactions)
        .where(and(eq(reactions.storyId, storyId), eq(reactions.userId, userId)))
        .for('update')
      return rows[0] ?? null
    },
    async changeReaction(id: string, emoji: string, at: Date): Promise<void> {
      await db.update(reactions).set({ emoji, createdAt: at }).where(eq(reactions.id, id))
    },
    async deleteReaction(storyId: string, userId: string): Promise<boolean> {
      const rows = await db
        .delete(reactions)
        .where(and(eq(reactions.storyId, storyId), eq(reactions.userId, userId)))
        .returning({ id: reactions.id })
      return rows.length > 0
    },
  }
}

export type ReactionStore = ReturnType<typeof createReactionStore>
