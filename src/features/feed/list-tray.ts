import type { AppContext } from '../../context'
import type { PageInput } from '../../kernel/cursor'
import { decodeCursor, encodeCursor, isEpochMs, type Page, toPage } from '../../kernel/cursor'
import { isUuid } from '../../kernel/ids'
import type { Viewer } from '../../kernel/viewer'
import type { TrayItem } from './schema'
import type { TrayRow } from './store'

type Deps = Pick<AppContext, 'clock' | 'stores'>

const CURSOR_TAG = 'tray'
const isFlag = (part: string) => part === '0' || part === '1'

/**
 * The tray: who has active stories that the viewer may see, those with unseen ones first, then newest. The cursor
 * carries the first page's moment, so that what is seen or posted meanwhile moves nobody to another page.
 *
 * @throws AppError `invalid_cursor`
 */
export async function listTray(
  ctx: Deps,
  viewer: Viewer,
  { limit, cursor }: PageInput,
): Promise<Page<TrayItem>> {
  const now = ctx.clock.now()
  const parts =
    cursor === undefined ? null : decodeCursor(CURSOR_TAG, cursor, [isEpochMs, isFlag, isEpochMs, isUuid])
  const asOf = parts === null ? now : new Date(Math.min(Number(parts[0]), now.getTime()))
  const after =
    parts === null
      ? null
      : { hasUnseen: parts[1] === '1', latestAt: new Date(Number(parts[2])), authorId: parts[3] ?? '' }
  const rows = await ctx.stores.feed.listTray(viewer.id, now, asOf, after, limit + 1)
  return toPage(rows, limit, presentTrayItem, (row) =>
    encodeCursor(CURSOR_TAG, [
      String(asOf.getTime()),
      row.hasUnseen ? '1' : '0',
      String(row.latestAt.getTime()),
      row.authorId,
    ]),
  )
}

const presentTrayItem = (row: TrayRow): TrayItem => ({
  author: { id: row.authorId, handle: row.handle },
  latest_at: row.latestAt.toISOString(),
  stories: row.stories,
  unseen: row.unseen,
})
