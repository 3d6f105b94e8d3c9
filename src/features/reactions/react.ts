import type { AppContext } from '../../context'
import { EMOJI, type Emoji, toEmoji } from '../../kernel/emoji'
import { invalidField, notFound } from '../../kernel/errors'
import { newId } from '../../kernel/ids'
import type { Viewer } from '../../kernel/viewer'
import type { StoredEvent } from '../events/event-types'
import { readableStory } from '../stories/read-story'
import type { Reaction } from './schema'
import type { ReactionRow } from './store'

type Deps = Pick<
  AppContext,
  'clock' | 'stores' | 'insertReaction' | 'transact' | 'activity' | 'pageVersions' | 'announce' | 'turns'
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
  // One after the other here, so that somebody who taps fast holds one connection while waiting for their own row.
  const outcome = await ctx.turns.inTurn(`${viewer.id}:${storyId}`, () =>
    setReaction(ctx, viewer, storyId, emoji, requestId),
  )
  return { reaction: presentReaction(outcome.row), isNew: outcome.isNew }
}

type Outcome = Readonly<{ row: ReactionRow; isNew: boolean }>

/** One statement for a first reaction; a transaction, in which the row before is locked, for another emoji. */
async function setReaction(
  ctx: Deps,
  viewer: Viewer,
  storyId: string,
  emoji: Emoji,
  requestId: string,
): Promise<Outcome> {
  const createdAt = ctx.clock.now()
  const wanted: ReactionRow = { id: newId(), storyId, userId: viewer.id, emoji, createdAt }
  const followUp = async (authorId: string, events: readonly StoredEvent[]) => {
    if (authorId !== viewer.id) {
      ctx.activity.reactionAdded({ requestId, userId: viewer.id }, storyId, emoji)
      ctx.announce(events)
    }
    await ctx.pageVersions.renew([viewer.id])
  }

  const first = await ctx.insertReaction(wanted)
  if (first === null) throw notFound()
  if (first.isNew) {
    await followUp(first.authorId, first.events)
    return { row: wanted, isNew: true }
  }
  return ctx.transact(async ({ reactions, events, afterCommit }) => {
    // Again, as its lock is held to the end of the transaction: nobody else can set one now, only take it back.
    const [found] = await reactions.insertReactions([wanted])
    const before = found?.isNew === false ? await reactions.lockReaction(storyId, viewer.id) : null
    const isTakenBack = found?.isNew === false && before === null
    const [story] = isTakenBack ? await reactions.insertReactions([wanted]) : [found]
    if (!story || (before === null && !story.isNew)) throw notFound()
    if (before?.emoji === emoji) {
      // The process that set it may have ended before its word.
      afterCommit(() => ctx.pageVersions.renew([viewer.id]))
      return { row: before, isNew: false }
    }
    afterCommit(() => followUp(story.authorId, []))
    if (before === null) return { row: wanted, isNew: true }
    await reactions.changeReaction(before.id, emoji, createdAt)
    if (story.authorId !== viewer.id) {
      const data = { story_id: storyId, user_id: viewer.id, emoji, created_at: createdAt.toISOString() }
      await events.append(story.authorId, 'story.reacted', data, createdAt)
    }
    return { row: { ...before, emoji, createdAt }, isNew: false }
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
  const wasThere = await ctx.stores.reactions.deleteReaction(storyId, viewer.id)
  if (wasThere) ctx.activity.reactionRemoved({ requestId, userId: viewer.id }, storyId)
  await ctx.pageVersions.renew([viewer.id])
}

const presentReaction = (row: ReactionRow): Reaction => ({
  id: row.id,
  story_id: row.storyId,
  user_id: row.userId,
  emoji: row.emoji,
  created_at: row.createdAt.toISOString(),
})
