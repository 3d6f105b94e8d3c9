import type { AppContext } from '../../context'
import type { PageInput } from '../../kernel/cursor'
import { decodeCursor, encodeCursor, type Page, toPage } from '../../kernel/cursor'
import { notFound } from '../../kernel/errors'
import type { Viewer } from '../../kernel/viewer'
import type { FoundPerson, PersonBody } from './schema'

type Deps = Pick<AppContext, 'stores'>

const HANDLE_PREFIX = /^[a-z0-9_]{1,30}$/
const CURSOR_TAG = 'people'

/**
 * People whose handle starts with `q` (in any case, with or without an @), by handle.
 *
 * @throws AppError `invalid_cursor`
 */
export async function findPeople(
  ctx: Deps,
  viewer: Viewer,
  q: string,
  { limit, cursor }: PageInput,
): Promise<Page<FoundPerson>> {
  const isHandle = (part: string) => HANDLE_PREFIX.test(part)
  const after = cursor === undefined ? null : (decodeCursor(CURSOR_TAG, cursor, [isHandle])[0] ?? null)
  const prefix = q.trim().toLowerCase().replace(/^@/, '')
  // No handle has any other character, so there is nobody to look for.
  if (!HANDLE_PREFIX.test(prefix)) return { items: [], next_cursor: null }
  const rows = await ctx.stores.people.findByHandlePrefix(viewer.id, prefix, after, limit + 1)
  return toPage(
    rows,
    limit,
    ({ id, handle, following }) => ({ id, handle, following }),
    (row) => encodeCursor(CURSOR_TAG, [row.handle]),
  )
}

/** @throws AppError `not_found` */
export async function readPerson(ctx: Deps, viewer: Viewer, id: string): Promise<PersonBody> {
  const row = await ctx.stores.people.findPerson(viewer.id, id)
  if (row === null) throw notFound()
  return { id: row.id, handle: row.handle, created_at: row.createdAt.toISOString(), following: row.following }
}
