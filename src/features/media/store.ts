import { and, eq } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'
import { mediaUploads } from '../../platform/database/schema'

export type MediaRow = Readonly<{
  mediaKey: string
  userId: string | null
  contentType: string
  sizeBytes: number
  state: 'pending' | 'claimed' | 'removing'
}>

export function createMediaStore(db: Db) {
  return {
    async insertUpload(row: {
      mediaKey: string
      userId: string
      contentType: string
      sizeBytes: number
      createdAt: Date
    }): Promise<void> {
      await db.insert(mediaUploads).values(row)
    },
    async findUpload(mediaKey: string): Promise<MediaRow | null> {
      const rows = await db
        .select({
          mediaKey: mediaUploads.mediaKey,
          userId: mediaUploads.userId,
          contentType: mediaUploads.contentType,
          sizeBytes: mediaUploads.sizeBytes,
          state: mediaUploads.state,
        })
        .from(mediaUploads)
        .where(eq(mediaUploads.mediaKey, mediaKey))
      return rows[0] ?? null
    },
    /** False when somebody was faster: another story, or the removal of unclaimed uploads. */
    async claimUpload(mediaKey: string, userId: string, storyId: string): Promise<boolean> {
      const rows = await db
        .update(mediaUploads)
        .set({ state: 'claimed', storyId })
        .where(
          and(
            eq(mediaUploads.mediaKey, mediaKey),
            eq(mediaUploads.userId, userId),
            eq(mediaUploads.state, 'pending'),
          ),
        )
        .returning({ mediaKey: mediaUploads.mediaKey })
      return rows.length > 0
    },
    /** From now on no story can claim it, and the worker takes the object away. */
    async giveUpPending(mediaKey: string): Promise<boolean> {
      const rows = await db
        .update(mediaUploads)
        .set({ state: 'removing' })
        .where(and(eq(mediaUploads.mediaKey, mediaKey), eq(mediaUploads.state, 'pending')))
        .returning({ mediaKey: mediaUploads.mediaKey })
      return rows.length > 0
    },
    async giveUpOfStory(storyId: string): Promise<void> {
      await db
        .update(mediaUploads)
        .set({ state: 'removing' })
        .where(and(eq(mediaUploads.storyId, storyId), eq(mediaUploads.state, 'claimed')))
    },
  }
}
