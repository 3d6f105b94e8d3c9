import type { AppContext } from '../../context'
import { forbidden, notFound } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import { REMOVED_KEPT_MS } from '../feed/page-changes'
import { canView, isActive } from './visibility'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'transact' | 'activity' | 'buckets' | 'pageVersions'>

const TOLD_AGAIN_MAX = { limit: 3, perSeconds: REMOVED_KEPT_MS / 1000 }

/**
 * Ends a story for good: its author may, and an admin as moderation, who need not see it otherwise.
 *
 * @throws AppError `forbidden` for others who can see it, `not_found` for the rest
 */
export async function deleteStory(
  ctx: Deps,
  viewer: Viewer,
  storyId: string,
  requestId: string,
): Promise<void> {
  const story = await ctx.stores.stories.findStory(viewer.id, storyId)
  const now = ctx.clock.now()
  if (story === null) throw notFound()
  const isAuthor = story.authorId === viewer.id
  const mayDelete = isAuthor || viewer.role === 'admin'
  if (!isActive(story, now)) {
    const endedMs = story.deletedAt?.getTime() ?? 0
    if (mayDelete && endedMs > now.getTime() - REMOVED_KEPT_MS) await tellAgain(ctx, storyId)
    throw notFound()
  }
  if (!mayDelete) {
    throw canView(viewer.id, story, story, now)
      ? forbidden('Only its author may delete a story.')
      : notFound()
  }
  // Noted before and after: a process that is killed in between leaves it off cached pages, and a page that is loaded in
  // between carries the earlier note. After whatever came of it: who fails may have lost only the answer to a commit, and
  // who comes second may be faster than the first one's word.
  await ctx.pageVersions.noteRemoved(storyId)
  const ended = await ctx
    .transact(async (tx) => {
      if (!(await tx.stories.softDelete(storyId, now))) return false
      await tx.media.giveUpOfStory(storyId)
      return true
    })
    .finally(() => ctx.pageVersions.noteRemoved(storyId))
  if (!ended) throw notFound()
  const where = { requestId, userId: viewer.id }
  if (isAuthor) ctx.activity.storyDeleted(where, storyId)
  else ctx.activity.storyRemoved(where, storyId, story.authorId)
}

/**
 * The process that deleted it may have ended before its word, and whoever asks again wants it gone everywhere. Each word
 * makes all pages of everybody be looked through, so there is an end to how often.
 */
async function tellAgain({ buckets, pageVersions }: Deps, storyId: string): Promise<void> {
  const { allowed } = await buckets.take(`removed-again:${storyId}`, TOLD_AGAIN_MAX)
  if (allowed) await pageVersions.noteRemoved(storyId)
}
