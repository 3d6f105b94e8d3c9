import type { AppContext } from '../../context'
import type { PageInput } from '../../kernel/cursor'
import { decodeTimeKey, encodeTimeKey, type Page, toPage } from '../../kernel/cursor'
import { forbidden } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import { readableStory } from './read-story'
import type { ViewerItem } from './schema'
import type { ViewerRow } from './store'

type Deps = Pick<AppContext, 'clock' | 'stores'>

/**
 * Who saw a story, latest first; for its author only.
 *
 * @throws AppError `invalid_cursor`, `not_found`, `forbidden` for others who can see the story
 */
export async function listViewers(
  ctx: Deps,
  viewer: Viewer,
  storyId: string,
  { limit, cursor }: PageInput,
): Promise<Page<ViewerItem>> {
  const after = decodeTimeKey('viewers', cursor)
  const story = await readableStory(ctx, viewer, storyId)
  if (story.authorId !== viewer.id) throw forbidden('Only its author may see who saw a story.')
  const rows = await ctx.stores.stories.listViewers(storyId, viewer.id, after, limit + 1)
  const present = (row: ViewerRow): ViewerItem => ({
    user: { id: row.id, handle: row.handle },
    viewed_at: row.viewedAt.toISOString(),
    reaction: row.reaction,
  })
  return toPage(rows, limit, present, (row) => encodeTimeKey('viewers', { at: row.viewedAt, id: row.id }))
}
