import { sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'
import { arrayLiteral } from '../../platform/database/statement'

export type Removable = Readonly<{ mediaKey: string; createdAt: Date }>

const count = (rows: { length: number }): number => rows.length
const at = (moment: Date) => sql`${moment.toISOString()}::timestamptz`

/** What has served its time; every statement touches a bounded number of rows. */
export function createHousekeepingStore(db: Db) {
  return {
    async dropIdempotencyKeys(before: Date, limit: number): Promise<number> {
      return count(
        await db.execute(sql`
          with old as (select user_id, key from idempotency_keys where created_at < ${at(before)}
            order by created_at limit ${limit} for update skip locked)
          delete from idempotency_keys k using old where k.user_id = old.user_id and k.key = old.key returning 1`),
      )
    },
    /** Spent tokens are kept until they would have expired, since using one again must end its family. */
    async dropRefreshTokens(expiredBefore: Date, limit: number): Promise<number> {
      return count(
        await db.execute(sql`
          with old as (select token_hash from refresh_tokens where expires_at < ${at(expiredBefore)}
            order by expires_at limit ${limit} for update skip locked)
          delete from refresh_tokens t using old where t.token_hash = old.token_hash returning 1`),
      )
    },
    /** Uploads that no story claimed in time: from now on none can. */
    async giveUpUnclaimed(createdBefore: Date, limit: number): Promise<number> {
      return count(
        await db.execute(sql`
          with old as (select media_key from media_uploads where state = 'pending' and created_at < ${at(createdBefore)}
            order by created_at limit ${limit} for update skip locked)
          update media_uploads m set state = 'removing' from old where m.media_key = old.media_key returning 1`),
      )
    },
    /** The oldest first, after one of them. */
    async listRemovable(after: Removable | null, limit: number): Promise<Removable[]> {
      const isAfter =
        after === null
          ? sql``
          : sql`and (created_at, media_key) > (${at(after.createdAt)}, ${after.mediaKey})`
      const rows = await db.execute<{ media_key: string; created_at: string }>(sql`
        select media_key, created_at from media_uploads where state = 'removing' ${isAfter}
        order by created_at, media_key limit ${limit}`)
      return rows.map((row) => ({ mediaKey: row.media_key, createdAt: new Date(row.created_at) }))
    },
    async dropUploads(mediaKeys: readonly string[]): Promise<void> {
      await db.execute(sql`
        delete from media_uploads where state = 'removing' and media_key = any(${arrayLiteral(mediaKeys)}::text[])`)
    },
    /** Stories that ended long ago, oldest first. */
    async listRetired(endedBefore: Date, limit: number): Promise<string[]> {
      const rows = await db.execute<{ id: string }>(sql`
        select id from stories where deleted_at is not null and deleted_at < ${at(endedBefore)}
        order by deleted_at limit ${limit}`)
      return rows.map((row) => row.id)
    },
    /** Views and reactions first and in batches, so that a story with a million of them makes no long transaction. */
    async dropViewsOf(storyIds: readonly string[], limit: number): Promise<number> {
      return count(
        await db.execute(sql`
          delete from story_views v using (
            select story_id, viewer_id from story_views where story_id = any(${arrayLiteral(storyIds)}::uuid[])
            limit ${limit}) old
          where v.story_id = old.story_id and v.viewer_id = old.viewer_id returning 1`),
      )
    },
    async dropReactionsOf(storyIds: readonly string[], limit: number): Promise<number> {
      return count(
        await db.execute(sql`
          delete from reactions r using (
            select id from reactions where story_id = any(${arrayLiteral(storyIds)}::uuid[]) limit ${limit}) old
          where r.id = old.id returning 1`),
      )
    },
    async dropStories(storyIds: readonly string[]): Promise<number> {
      const ids = arrayLiteral(storyIds)
      await db.execute(sql`
        update media_uploads set state = 'removing' where story_id = any(${ids}::uuid[]) and state = 'claimed'`)
      return count(await db.execute(sql`delete from stories where id = any(${ids}::uuid[]) returning 1`))
    },
    /**
     * Day counts older than anybody asks for. All are found, which may mean reading the whole table, before the first is
     * deleted: from then on the transaction has a number, behind which events wait, and locks.
     */
    async dropDays(before: string, limit: number): Promise<number> {
      return count(
        await db.execute(sql`
          delete from author_days d where d.day < ${before}::date
            and d.ctid = any(array(select ctid from author_days where day < ${before}::date limit ${limit})) returning 1`),
      )
    },
    /** Likewise. */
    async dropAuthorViewers(before: string, limit: number): Promise<number> {
      return count(
        await db.execute(sql`
          delete from author_viewers a where a.last_day < ${before}::date
            and a.ctid = any(array(select ctid from author_viewers where last_day < ${before}::date limit ${limit})) returning 1`),
      )
    },
  }
}
