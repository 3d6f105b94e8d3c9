import type { AppContext } from '../../context'
import type { PageInput } from '../../kernel/cursor'
import { decodeTimeKey, encodeTimeKey, type Page, toPage } from '../../kernel/cursor'
import { notFound } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import { presentStory } from './present'
import type { Story } from './schema'
import type { StoryRow } from './story-row'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'objects'>

async function presentPage(ctx: Deps, tag: string, rows: StoryRow[], limit: number): Promise<Page<Story>> {
  const page = toPage(
    rows,
    limit,
    (row) => row,
    (row) => encodeTimeKey(tag, { at: row.createdAt, id: row.id }),
  )
  return { ...page, items: await Promise.all(page.items.map((row) => presentStory(row, ctx.objects))) }
}

/**
 * The viewer's own active stories, private ones too, newest first.
 *
 * @throws AppError `invalid_cursor`
 */
export async function listOwnStories(
  ctx: Deps,
  viewer: Viewer,
  { limit, cursor }: PageInput,
): Promise<Page<Story>> {
  const after = decodeTimeKey('mine', cursor)
  const rows = await ctx.stores.stories.listOwn(viewer.id, after, ctx.clock.now(), limit + 1)
  return presentPage(ctx, 'mine', rows, limit)
}

/**
 * A person's active stories as far as the viewer may see them, oldest first, as one watches them.
 *
 * @throws AppError `invalid_cursor`, `not_found` when there is no such person
 */
export async function listStoriesOf(
  ctx: Deps,
  viewer: Viewer,
  authorId: string,
  { limit, cursor }: PageInput,
): Promise<Page<Story>> {
  const after = decodeTimeKey('author', cursor)
  const rows = await ctx.stores.stories.listOfAuthor(viewer.id, authorId, after, ctx.clock.now(), limit + 1)
  if (rows.length === 0 && !(await ctx.stores.stories.userExists(authorId))) throw notFound()
  return presentPage(ctx, 'author', rows, limit)
}
