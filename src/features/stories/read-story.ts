import type { AppContext } from '../../context'
import { notFound } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import { presentStory } from './present'
import type { Story } from './schema'
import type { StoryRow } from './story-row'
import { canView } from './visibility'

type Deps = Pick<AppContext, 'clock' | 'stores'>

/**
 * The door to a single story: reading it, listing its viewers and taking a reaction back come through here. A view and
 * a reaction ask the same rule in the statement that writes them (visibility-sql.ts), so that nothing can happen in
 * between; deleting asks it only for whoever is neither author nor admin.
 *
 * @throws AppError `not_found`, the same for a missing story and for one that the viewer may not see
 */
export async function readableStory(ctx: Deps, viewer: Viewer, id: string): Promise<StoryRow> {
  const story = await ctx.stores.stories.findStory(viewer.id, id)
  if (story === null || !canView(viewer.id, story, story, ctx.clock.now())) throw notFound()
  return story
}

/** @throws AppError `not_found` */
export async function readStory(
  ctx: Deps & Pick<AppContext, 'objects'>,
  viewer: Viewer,
  id: string,
): Promise<Story> {
  return presentStory(await readableStory(ctx, viewer, id), ctx.objects)
}
