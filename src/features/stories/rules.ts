import { AppError, invalidField } from '../../kernel/errors'
import { codePointLength, isStorableText } from '../../kernel/text'
import type { Visibility } from './visibility'

/** What a story may be made of. */

export const TEXT_LENGTH_MAX = 500
export const AUDIENCE_MAX = 500

export type StoryInput = Readonly<{
  text?: string | null | undefined
  media_key?: string | null | undefined
  visibility: Visibility
  audience_user_ids?: readonly string[] | null | undefined
}>

export type StoryPlan = Readonly<{
  text: string | null
  mediaKey: string | null
  visibility: Visibility
  /** Null: no list of its own; otherwise each id once, never the author's. */
  audience: readonly string[] | null
}>

export type StoryTimes = Readonly<{ createdAt: Date; expiresAt: Date }>

/**
 * The story that an input asks for.
 *
 * @param authorId left out of the audience, as authors see their own stories anyway
 * @throws AppError `validation_failed`, `audience_not_allowed`
 */
export function planStory(input: StoryInput, authorId: string): StoryPlan {
  const text = input.text?.trim() || null
  const mediaKey = input.media_key || null
  if (text === null && mediaKey === null) {
    throw new AppError('validation_failed', 'A story needs text or media.', {
      fields: [
        { field: 'text', message: 'is required when there is no media_key' },
        { field: 'media_key', message: 'is required when there is no text' },
      ],
    })
  }
  if (text !== null && codePointLength(text) > TEXT_LENGTH_MAX) {
    throw invalidField('text', `must have at most ${TEXT_LENGTH_MAX} characters`)
  }
  if (text !== null && !isStorableText(text))
    throw invalidField('text', 'has a character that cannot be stored')
  return {
    text,
    mediaKey,
    visibility: input.visibility,
    audience: planAudience(input, authorId),
  }
}

/** When a story that is made now begins and ends. */
export const storyTimes = (now: Date, ttlSeconds: number): StoryTimes => ({
  createdAt: now,
  expiresAt: new Date(now.getTime() + ttlSeconds * 1000),
})

function planAudience(input: StoryInput, authorId: string): readonly string[] | null {
  const given = input.audience_user_ids ?? null
  if (given === null) return null
  if (input.visibility !== 'friends') {
    throw invalidField('audience_user_ids', 'goes with visibility friends only', 'audience_not_allowed')
  }
  if (given.length === 0 || given.length > AUDIENCE_MAX) {
    throw invalidField('audience_user_ids', `must have 1 to ${AUDIENCE_MAX} users`)
  }
  return [...new Set(given.map((id) => id.toLowerCase()))].filter((id) => id !== authorId)
}
