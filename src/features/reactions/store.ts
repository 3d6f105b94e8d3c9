import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'
import { reactions } from '../../platform/database/schema'

export type ReactionRow = typeof reactions.$inferSelect

export function createReactionStore(db: Db) {
  return {
    /**
     * The new reaction; null when the user has one already, or the story has ended. The advisory lock is held before the
     * transaction gets its number, so that a person's changes at once send their events in the order they happen.
     */
    async insertReaction(row: ReactionRow): Promise<ReactionRow | null> {
      const rows = await db.execute<{ id: string }>(sql`
        with turn as materialized (
          select pg_advisory_xact_lock(hashtextextended(${`reaction:${row.storyId}:${row.userId}`}::text, 0)))
        insert into reactions (id, story_id, user_id, emoji, created_at)
        select ${row.id}::uuid, s.id, ${row.userId}::uuid, ${row.emoji}, ${row.createdAt.toISOString()}::timestamptz
        from turn, stories s where s.id = ${row.storyId}::uuid and s.deleted_at is null
          and s.expires_at > ${row.createdAt.toISOString()}::timestamptz
        on conflict (story_id, user_id) do nothing returning id`)
      return rows.length === 0 ? null : row
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
