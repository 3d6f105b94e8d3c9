import type { VisibleThing } from './visibility'

/** A story with its author, counters and the viewer's own view and reaction, loaded by one query for any number of ids. */
export type StoryRow = VisibleThing &
  Readonly<{
    id: string
    authorHandle: string
    text: string | null
    mediaKey: string | null
    mediaType: string | null
    createdAt: Date
    views: number
    /** In the order of EMOJI. */
    reactions: readonly number[]
    hasViewed: boolean
    reaction: string | null
    isInAudience: boolean
  }>

/** As PostgreSQL answers it. */
export type RawStoryRow = Readonly<{
  id: string
  author_id: string
  handle: string
  text: string | null
  media_key: string | null
  media_type: string | null
  visibility: StoryRow['visibility']
  has_audience: boolean
  created_at: string
  expires_at: string
  deleted_at: string | null
  views: string
  reactions: number[]
  has_viewed: boolean
  reaction: string | null
  is_in_audience: boolean
}> &
  Record<string, unknown>

export const toStoryRow = (raw: RawStoryRow): StoryRow => ({
  id: raw.id,
  authorId: raw.author_id,
  authorHandle: raw.handle,
  text: raw.text,
  mediaKey: raw.media_key,
  mediaType: raw.media_type,
  visibility: raw.visibility,
  hasAudience: raw.has_audience,
  createdAt: new Date(raw.created_at),
  expiresAt: new Date(raw.expires_at),
  deletedAt: raw.deleted_at === null ? null : new Date(raw.deleted_at),
  views: Number(raw.views),
  reactions: raw.reactions,
  hasViewed: raw.has_viewed,
  reaction: raw.reaction,
  isInAudience: raw.is_in_audience,
})
