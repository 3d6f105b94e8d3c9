import type { AppContext } from '../../context'
import type { Viewer } from '../../kernel/viewer'
import type { StoryRow } from './story-row'
import { canView } from './visibility'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'friends'>

/**
 * The rows behind a list of ids, in the list's order, less those that the viewer may not see (any more). Two look-ups,
 * whatever their number.
 */
export async function hydrateStories(
  ctx: Deps,
  viewer: Viewer,
  refs: readonly { id: string; authorId: string }[],
): Promise<StoryRow[]> {
  const authors = new Set(refs.map((ref) => ref.authorId).filter((id) => id !== viewer.id))
  const [rows, friends] = await Promise.all([
    ctx.stores.stories.findStories(
      viewer.id,
      refs.map((ref) => ref.id),
    ),
    ctx.friends.among(viewer.id, [...authors]),
  ])
  const byId = new Map(rows.map((row) => [row.id, row]))
  const now = ctx.clock.now()
  return refs.flatMap(({ id }) => {
    const row = byId.get(id)
    if (row === undefined) return []
    const relation = { isFriend: friends.has(row.authorId), isInAudience: row.isInAudience }
    return canView(viewer.id, row, relation, now) ? [row] : []
  })
}
