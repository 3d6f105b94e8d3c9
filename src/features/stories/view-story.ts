import type { AppContext } from '../../context'
import { notFound } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import type { View } from './schema'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'recordView' | 'activity' | 'pageVersions' | 'announce'>

/**
 * Records the viewer's first view and tells the author; a later call answers the same view. An author's own view is
 * recorded, but neither counted nor told.
 *
 * @throws AppError `not_found`
 */
export async function viewStory(
  ctx: Deps,
  viewer: Viewer,
  storyId: string,
  requestId: string,
): Promise<View> {
  const view = await ctx.recordView({ storyId, viewerId: viewer.id, viewedAt: ctx.clock.now() })
  if (view === null) throw notFound()
  const viewedAt = view.viewedAt ?? (await ctx.stores.stories.findView(storyId, viewer.id))
  if (viewedAt === null) throw notFound()
  // The author first: what follows takes a round trip to Redis, and both then travel in the same one.
  if (view.isFirst && view.authorId !== viewer.id) {
    ctx.activity.storyViewed({ requestId, userId: viewer.id }, storyId)
    ctx.announce(view.events)
  }
  // Also a repeated one: the process that recorded it may have ended before its word.
  await ctx.pageVersions.noteViewed(viewer.id, storyId)
  return { story_id: storyId, viewer_id: viewer.id, viewed_at: viewedAt.toISOString() }
}
