import type { AppContext } from '../../context'
import type { PageInput } from '../../kernel/cursor'
import { decodeTimeKey, encodeTimeKey, type Page, toPage } from '../../kernel/cursor'
import type { Viewer } from '../../kernel/viewer'
import type { FollowedPerson } from './schema'
import type { FollowedRow } from './store'

type Deps = Pick<AppContext, 'stores'>

/**
 * Whom the viewer follows, or who follows the viewer, newest follow first.
 *
 * @throws AppError `invalid_cursor`
 */
export async function listPeople(
  ctx: Deps,
  viewer: Viewer,
  list: 'following' | 'followers',
  { limit, cursor }: PageInput,
): Promise<Page<FollowedPerson>> {
  const after = decodeTimeKey(list, cursor)
  const rows = await ctx.stores.graph[list](viewer.id, after, limit + 1)
  const present = (row: FollowedRow): FollowedPerson => ({
    id: row.id,
    handle: row.handle,
    followed_at: row.followedAt.toISOString(),
  })
  return toPage(rows, limit, present, (row) => encodeTimeKey(list, { at: row.followedAt, id: row.id }))
}
