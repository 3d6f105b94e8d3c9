import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import type { Db } from '../../platform/database/client'
import { reactions } from '../../platform/database/schema'
import { createListStatement } from '../../platform/database/statement'
import { EVENT_COLUMNS, type MaybeRawEvent, newEvents } from '../events/event-row-sql'
import type { StoredEvent } from '../events/event-types'
import { byRule, isActiveSql, mayViewSql } from '../stories/visibility-sql'

export type ReactionRow = typeof reactions.$inferSelect

export type InsertedReaction = Readonly<{
  authorId: string
  isNew: boolean
  /** All events of the statement, also those of others who shared it. */
  events: readonly StoredEvent[]
}>

export const REACTIONS_AT_ONCE_MAX = 16
const COLUMNS = { id: 'uuid', story_id: 'uuid', user_id: 'uuid', emoji: 'text', at: 'text' }

const TURN = sql`hashtextextended('reaction:' || story_id || ':' || user_id, 0)`

const seenSql = (rule: FriendsRule): SQL => sql`
  seen as materialized (
    select asked.*, s.author_id from in_turn asked join stories s on s.id = asked.story_id
    where ${isActiveSql(sql`asked.at`, 's')} and ${mayViewSql(rule, sql`asked.user_id`, 's')}
  )`

const ADDED = sql`
  insert into reactions (id, story_id, user_id, emoji, created_at)
  select id, story_id, user_id, emoji, at::timestamptz from seen`

const TOLD = sql`
  insert into events as e (author_id, type, data, created_at)
  select seen.author_id, 'story.reacted', jsonb_build_object('story_id', seen.story_id, 'user_id', seen.user_id,
    'emoji', seen.emoji, 'created_at', seen.at), r.created_at`

const ANSWER = sql`
  select seen.story_id, seen.user_id, seen.author_id, r.created_at is not null as is_new,
    told.xact, told.seq, told.type, told.data, told.created_at from seen`

/**
 * The advisory locks are held before the transaction gets its number with the first insert, as sorting reads them all
 * before; and both are taken in an order, so that two statements with the same rows do not wait for each other.
 */
const insertReactions = (rule: FriendsRule, asked: SQL): SQL => sql`
  with asked as ${asked},
  ordered as materialized (select *, ${TURN} as turn from asked order by turn),
  in_turn as materialized (select *, pg_advisory_xact_lock(turn) from ordered),
  ${seenSql(rule)},
  r as (${ADDED} order by story_id, user_id
    on conflict (story_id, user_id) do nothing returning story_id, user_id, created_at),
  told as (${TOLD} from r join seen using (story_id, user_id) where seen.author_id <> seen.user_id
    returning (e.data->>'story_id')::uuid as story_id, (e.data->>'user_id')::uuid as user_id, ${EVENT_COLUMNS})
  ${ANSWER} left join r using (story_id, user_id) left join told using (story_id, user_id)`

/**
 * Of a single one there is one row at most everywhere: nothing to be put in an order, and nothing to be matched. What the first
 * insert reads comes by way of the lock, which is held before the transaction gets its number here, too.
 */
const insertReaction = (rule: FriendsRule, asked: SQL): SQL => sql`
  with asked as ${asked},
  in_turn as materialized (select *, pg_advisory_xact_lock(${TURN}) from asked),
  ${seenSql(rule)},
  r as (${ADDED} on conflict (story_id, user_id) do nothing returning created_at),
  told as (${TOLD} from r, seen where seen.author_id <> seen.user_id returning ${EVENT_COLUMNS})
  ${ANSWER} left join r on true left join told on true`

const INSERT_REACTIONS = byRule((rule) =>
  createListStatement(
    COLUMNS,
    REACTIONS_AT_ONCE_MAX,
    (asked) => insertReactions(rule, asked),
    (asked) => insertReaction(rule, asked),
  ),
)

export function createReactionStore(db: Db, friendsRule: FriendsRule) {
  return {
    /**
     * These reactions to stories that their users may see, each with the author's event (none for an author's own), in one
     * statement. Answers in the order asked: `isNew` is false, and nothing has changed, where the user has one already;
     * null where there is no such story for this user. Until the end of the transaction nobody else can set one there.
     *
     * @param rows REACTIONS_AT_ONCE_MAX at most, of different users or to different stories
     */
    async insertReactions(rows: readonly ReactionRow[]): Promise<(InsertedReaction | null)[]> {
      const inserted = await INSERT_REACTIONS[friendsRule]<RawInserted>(
        db,
        rows.map(({ id, storyId, userId, emoji, createdAt }) => ({
          id,
          story_id: storyId,
          user_id: userId,
          emoji,
          at: createdAt.toISOString(),
        })),
      )
      const found = new Map(inserted.map((row) => [reactionKey(row.story_id, row.user_id), row]))
      const events = newEvents(inserted)
      return rows.map(({ storyId, userId }) => {
        const row = found.get(reactionKey(storyId, userId))
        return row === undefined ? null : { authorId: row.author_id, isNew: row.is_new, events }
      })
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

type RawInserted = {
  story_id: string
  user_id: string
  author_id: string
  is_new: boolean
} & MaybeRawEvent

const reactionKey = (storyId: string, userId: string) => `${storyId} ${userId}`
