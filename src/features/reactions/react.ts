import type { AppContext } from '../../context'
import { EMOJI, type Emoji, toEmoji } from '../../kernel/emoji'
import { invalidField, notFound } from '../../kernel/errors'
import { newId } from '../../kernel/ids'
import type { Viewer } from '../../kernel/viewer'
import { readableStory } from '../stories/read-story'
import type { StoryRow } from '../stories/story-row'
import type { Reaction } from './schema'
import type { ReactionRow } from './store'

type Deps = Pick<
  AppContext,
  'clock' | 'stores' | 'transact' | 'activity' | 'pageVersions' | 'announce' | 'turns'
>

/**
 * Sets the viewer's one reaction to a story and tells the author; the same again changes nothing. An author's own
 * reaction is kept, but neither counted nor told.
 *
 * @throws AppError `validation_failed` for another emoji, `not_found`
 */
export async function react(
  ctx: Deps,
  viewer: Viewer,
  storyId: string,
  emojiText: string,
  requestId: string,
): Promise<{ reaction: Reaction; isNew: boolean }> {
  const emoji = toEmoji(emojiText)
  if (emoji === null) throw invalidField('emoji', `must be one of ${EMOJI.join(' ')}`)
  const story = await readableStory(ctx, viewer, storyId)
  // One after the other here, so that somebody who taps fast holds one connection while waiting for their own row.
  const outcome = await ctx.turns.inTurn(`${viewer.id}:${storyId}`, () =>
    setReaction(ctx, viewer, story, emoji, requestId),
  )
  return { reaction: presentReaction(outcome.row), isNew: outcome.isNew }
}

async function setReaction(
  ctx: Deps,
  viewer: Viewer,
  story: StoryRow,
  emoji: Emoji,
  requestId: string,
): Promise<{ row: ReactionRow; isNew: boolean }> {
  const createdAt = ctx.clock.now()
  const wanted: ReactionRow = { id: newId(), storyId: story.id, userId: viewer.id, emoji, createdAt }
  const isOwn = story.authorId === viewer.id

  return ctx.transact(async ({ reactions, events, afterCommit }) => {
    const inserted = await reactions.insertReaction(wanted)
    const before = inserted === null ? await reactions.lockReaction(story.id, viewer.id) : null
    if (inserted === null && before === null) throw notFound()
    if (before !== null && before.emoji === emoji) return { row: before, isNew: false }
    const row = before === null ? wanted : { ...before, emoji, createdAt }
    if (before !== null) await reactions.changeReaction(before.id, emoji, createdAt)
    if (!isOwn) {
      const data = { story_id: story.id, user_id: viewer.id, emoji, created_at: createdAt.toISOString() }
      await events.append(story.authorId, 'story.reacted', data, createdAt)
    }
    afterCommit(async () => {
      if (!isOwn) {
        ctx.activity.reactionAdded({ requestId, userId: viewer.id }, story.id, emoji)
        ctx.announce()
      }
      await ctx.pageVersions.renew([viewer.id])
    })
    return { row, isNew: before === null }
  })
}

/**
 * Takes the viewer's reaction back; nothing happens when there was none.
 *
 * @throws AppError `not_found`
 */
export async function takeBackReaction(
  ctx: Deps,
  viewer: Viewer,
  storyId: string,
  requestId: string,
): Promise<void> {
  await readableStory(ctx, viewer, storyId)
  if (!(await ctx.stores.reactions.deleteReaction(storyId, viewer.id))) return
  ctx.activity.reactionRemoved({ requestId, userId: viewer.id }, storyId)
  await ctx.pageVersions.renew([viewer.id])
}

const presentReaction = (row: ReactionRow): Reaction => ({
  id: row.id,
  story_id: row.storyId,
  user_id: row.userId,
  emoji: row.emoji,
  created_at: row.createdAt.toISOString(),
})
