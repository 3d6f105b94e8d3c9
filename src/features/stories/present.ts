import { emojiCounts } from '../../kernel/emoji'
import type { ObjectStore } from '../../platform/object-store'
import type { Story } from './schema'
import type { StoryRow } from './story-row'

/** A story as answered everywhere; what is not named here never leaves. */
export async function presentStory(row: StoryRow, objects: Pick<ObjectStore, 'urlFor'>): Promise<Story> {
  return {
    id: row.id,
    author_id: row.authorId,
    author: { id: row.authorId, handle: row.authorHandle },
    text: row.text,
    media_key: row.mediaKey,
    media_url: row.mediaKey === null ? null : await objects.urlFor(row.mediaKey),
    media_type: row.mediaType,
    visibility: row.visibility,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt.toISOString(),
    counters: { views: row.views, reactions: emojiCounts(row.reactions) },
    viewer: { has_viewed: row.hasViewed, reaction: row.reaction },
  }
}
