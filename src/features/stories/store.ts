import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { FriendsRule } from '../../config'
import type { TimeKey } from '../../kernel/cursor'
import type { Db } from '../../platform/database/client'
import { brokenConstraint } from '../../platform/database/failures'
import { stories, users } from '../../platform/database/schema'
import { arrayLiteral, createStatement } from '../../platform/database/statement'
import { newEvents } from '../events/event-row-sql'
import type { StoredEvent } from '../events/event-types'
import { type RawStoryRow, type StoryRow, toStoryRow } from './story-row'
import { storyRowSql } from './story-row-sql'
import { type RawView, RECORD_VIEWS } from './view-sql'
import type { Visibility } from './visibility'
import { byRule, isActiveSql, isFriendSql, mayViewSql } from './visibility-sql'

export type NewStory = Readonly<{
  id: string
  authorId: string
  text: string | null
  mediaKey: string | null
  mediaType: string | null
  visibility: Visibility
  hasAudience: boolean
  createdAt: Date
  expiresAt: Date
}>

export type NewView = Readonly<{ storyId: string; viewerId: string; viewedAt: Date }>
export type RecordedView = Readonly<{
  authorId: string
  isFirst: boolean
  viewedAt: Date | null
  /** All events of the statement, also those of others who shared it. */
  events: readonly StoredEvent[]
}>
export type ViewerRow = Readonly<{ id: string; handle: string; viewedAt: Date; reaction: string | null }>

const INSERT_STORY = createStatement(
  ['id', 'authorId', 'text', 'mediaKey', 'mediaType', 'visibility', 'hasAudience', 'createdAt', 'expiresAt'],
  (it) => sql`
    insert into stories (id, author_id, text, media_key, media_type, visibility, has_audience, created_at, expires_at)
    values (${it.id}::uuid, ${it.authorId}::uuid, ${it.text}, ${it.mediaKey}, ${it.mediaType}, ${it.visibility},
      ${it.hasAudience}, ${it.createdAt}::timestamptz, ${it.expiresAt}::timestamptz)`,
)

const FIND_STORY = byRule((rule) =>
  createStatement(['viewerId', 'id'], ({ viewerId, id }) => {
    const { columns, joins } = storyRowSql(viewerId)
    return sql`
      select ${columns}, ${isFriendSql(rule, viewerId, 's')} as is_friend
      from stories s ${joins} where s.id = ${id}::uuid`
  }),
)

const FIND_STORIES = createStatement(['viewerId', 'ids'], ({ viewerId, ids }) => {
  const { columns, joins } = storyRowSql(viewerId)
  return sql`select ${columns} from stories s ${joins} where s.id = any(${ids}::uuid[])`
})

export function createStoryStore(db: Db, friendsRule: FriendsRule) {
  return {
    async insertStory(story: NewStory): Promise<void> {
      await INSERT_STORY(db, {
        ...story,
        createdAt: story.createdAt.toISOString(),
        expiresAt: story.expiresAt.toISOString(),
      })
    },
    /** False when one of the users does not exist. */
    async insertAudience(storyId: string, userIds: readonly string[], createdAt: Date): Promise<boolean> {
      if (userIds.length === 0) return true
      try {
        await db.execute(sql`
          insert into story_audience (story_id, user_id, created_at)
          select ${storyId}::uuid, id, ${createdAt.toISOString()}::timestamptz
          from unnest(${arrayLiteral(userIds)}::uuid[]) as id`)
        return true
      } catch (error) {
        if (brokenConstraint(error) !== null) return false
        throw error
      }
    },
    async findMissingUsers(userIds: readonly string[]): Promise<string[]> {
      const rows = await db
        .select({ id: users.id })
        .from(users)
        .where(inArray(users.id, [...userIds]))
      const known = new Set(rows.map((row) => row.id))
      return userIds.filter((id) => !known.has(id))
    },
    /** The story as it stands, ended or not, with how the viewer stands to it; the rule is the caller's to ask. */
    async findStory(viewerId: string, id: string): Promise<(StoryRow & { isFriend: boolean }) | null> {
      const [raw] = await FIND_STORY[friendsRule]<RawStoryRow & { is_friend: boolean }>(db, { viewerId, id })
      return raw === undefined ? null : { ...toStoryRow(raw), isFriend: raw.is_friend }
    },
    /** Stories for ids, in no order; ended ones too. */
    async findStories(viewerId: string, ids: readonly string[]): Promise<StoryRow[]> {
      if (ids.length === 0) return []
      return (await FIND_STORIES<RawStoryRow>(db, { viewerId, ids: arrayLiteral(ids) })).map(toStoryRow)
    },
    /** An author's active stories: all of them for the author, newest first. */
    async listOwn(authorId: string, after: TimeKey | null, now: Date, limit: number): Promise<StoryRow[]> {
      const { columns, joins } = storyRowSql(authorId)
      const rows = await db.execute<RawStoryRow>(sql`
        select ${columns} from stories s ${joins}
        where s.author_id = ${authorId}::uuid and ${isActiveSql(now, 's')}
          ${after === null ? sql`` : sql`and (s.created_at, s.id) < (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`}
        order by s.created_at desc, s.id desc limit ${limit}`)
      return rows.map(toStoryRow)
    },
    /** A person's active stories as far as the viewer may see them, oldest first. */
    async listOfAuthor(
      viewerId: string,
      authorId: string,
      after: TimeKey | null,
      now: Date,
      limit: number,
    ): Promise<StoryRow[]> {
      const { columns, joins } = storyRowSql(viewerId)
      const rows = await db.execute<RawStoryRow>(sql`
        select ${columns} from stories s ${joins}
        where s.author_id = ${authorId}::uuid and ${isActiveSql(now, 's')} and ${mayViewSql(friendsRule, viewerId, 's')}
          ${after === null ? sql`` : sql`and (s.created_at, s.id) > (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`}
        order by s.created_at, s.id limit ${limit}`)
      return rows.map(toStoryRow)
    },
    async userExists(id: string): Promise<boolean> {
      return (await db.select({ id: users.id }).from(users).where(eq(users.id, id))).length > 0
    },
    /** False when it had ended before. */
    async softDelete(id: string, at: Date): Promise<boolean> {
      const rows = await db
        .update(stories)
        .set({ deletedAt: at })
        .where(and(eq(stories.id, id), isNull(stories.deletedAt)))
        .returning({ id: stories.id })
      return rows.length > 0
    },
    /**
     * Records what may be viewed and was not before, with an event for each author (none for an author's own view), in one
     * statement. Answers in the order asked: null where there is no such story for this viewer; `viewedAt` is null when a
     * view was recorded by somebody else meanwhile.
     *
     * @param views VIEWS_AT_ONCE_MAX at most
     */
    async recordViews(views: readonly NewView[]): Promise<(RecordedView | null)[]> {
      const asked = new Map(views.map((view) => [viewKey(view.storyId, view.viewerId), view]))
      const rows = await RECORD_VIEWS[friendsRule]<RawView>(
        db,
        Array.from(asked.values(), ({ storyId, viewerId, viewedAt }) => ({
          story_id: storyId,
          viewer_id: viewerId,
          at: viewedAt.toISOString(),
        })),
      )
      const recorded = new Map(rows.map((row) => [viewKey(row.story_id, row.viewer_id), row]))
      const events = newEvents(rows)
      return views.map(({ storyId, viewerId }) => {
        const key = viewKey(storyId, viewerId)
        const row = recorded.get(key)
        if (row === undefined) return null
        return {
          authorId: row.author_id,
          // Of the same view asked for twice only one is the first.
          isFirst: row.is_first && asked.delete(key),
          viewedAt: row.viewed_at === null ? null : new Date(row.viewed_at),
          events,
        }
      })
    },
    async findView(storyId: string, viewerId: string): Promise<Date | null> {
      const rows = await db.execute<{ viewed_at: string }>(sql`
        select viewed_at from story_views where story_id = ${storyId}::uuid and viewer_id = ${viewerId}::uuid`)
      return rows[0] === undefined ? null : new Date(rows[0].viewed_at)
    },
    /** Who saw a story, latest first; the author's own view is not among them. */
    async listViewers(
      storyId: string,
      authorId: string,
      after: TimeKey | null,
      limit: number,
    ): Promise<ViewerRow[]> {
      const rows = await db.execute<{
        id: string
        handle: string
        viewed_at: string
        reaction: string | null
      }>(sql`
        with page as materialized (
          select v.viewer_id, v.viewed_at from story_views v
          where v.story_id = ${storyId}::uuid and v.viewer_id <> ${authorId}::uuid
            ${after === null ? sql`` : sql`and (v.viewed_at, v.viewer_id) < (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`}
          order by v.viewed_at desc, v.viewer_id desc limit ${limit})
        select p.viewer_id as id, p.viewed_at,
          (select u.handle from users u where u.id = p.viewer_id) as handle,
          (select x.emoji from reactions x where x.story_id = ${storyId}::uuid and x.user_id = p.viewer_id) as reaction
        from page p order by p.viewed_at desc, p.viewer_id desc`)
      return rows.map((row) => ({
        id: row.id,
        handle: row.handle,
        viewedAt: new Date(row.viewed_at),
        reaction: row.reaction,
      }))
    },
  }
}

const viewKey = (storyId: string, viewerId: string) => `${storyId} ${viewerId}`
