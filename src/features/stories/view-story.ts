import type { AppContext } from '../../context'
import { notFound } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import { readableStory } from './read-story'
import type { View } from './schema'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'activity' | 'pageVersions' | 'announce'>

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
  const story = await readableStory(ctx, viewer, storyId)
  const present = (viewedAt: Date): View => ({
    story_id: storyId,
    viewer_id: viewer.id,
    viewed_at: viewedAt.toISOString(),
  })
  const { stories } = ctx.stores
  if (story.hasViewed) {
    const before = await stories.findView(storyId, viewer.id)
    if (before !== null) return present(before)
  }
  const first = await stories.insertView({ storyId, viewerId: viewer.id, viewedAt: ctx.clock.now() })
  if (first === null) {
    // Either a racing twin was first, or the story ended a moment ago.
    const before = await stories.findView(storyId, viewer.id)
    if (before === null) throw notFound()
    return present(before)
  }
  await ctx.pageVersions.noteViewed(viewer.id, storyId)
  if (story.authorId !== viewer.id) {
    ctx.activity.storyViewed({ requestId, userId: viewer.id }, storyId)
    ctx.announce()
  }
  return present(first)
}
