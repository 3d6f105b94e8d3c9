import type { AppContext } from '../../context'
import type { PageInput } from '../../kernel/cursor'
import { decodeCursor, encodeCursor, isEpochMs, type Page } from '../../kernel/cursor'
import { invalidField } from '../../kernel/errors'
import { isUuid } from '../../kernel/ids'
import { codePointLength, escapeHtml, isStorableText } from '../../kernel/text'
import type { Viewer } from '../../kernel/viewer'
import { hydrateStories } from '../stories/hydrate'
import { presentStory } from '../stories/present'
import type { SearchHit } from './schema'
import { type Candidate, MARK_START, MARK_STOP } from './store'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'replica' | 'objects' | 'friends'>

const CURSOR_TAG = 'search'
const Q_LENGTH_MAX = 200
const RANK = /^\d+(\.\d+)?(e[+-]?\d{1,2})?$/i
/** As PostgreSQL writes a `float4`, which takes no number that is too small for it. */
const isRank = (part: string) =>
  RANK.test(part) && Number(part) <= 1000 && (part === '0' || Math.fround(Number(part)) > 0)

/** The marked text as HTML: everything escaped but the marks themselves. */
export const highlightOf = (marked: string): string =>
  escapeHtml(marked).replaceAll(MARK_START, '<mark>').replaceAll(MARK_STOP, '</mark>')

/**
 * Full text over what the viewer may see, own private stories included, best match first.
 *
 * @throws AppError `validation_failed`, `invalid_cursor`
 */
export async function searchStories(
  ctx: Deps,
  viewer: Viewer,
  text: string,
  { limit, cursor }: PageInput,
): Promise<Page<SearchHit>> {
  const q = text.trim()
  const length = codePointLength(q)
  if (length < 1 || length > Q_LENGTH_MAX)
    throw invalidField('q', `must have 1 to ${Q_LENGTH_MAX} characters`)
  if (!isStorableText(q)) throw invalidField('q', 'has a character that no text can have')
  const parts =
    cursor === undefined ? null : decodeCursor(CURSOR_TAG, cursor, [isEpochMs, isRank, isEpochMs, isUuid])
  const now = ctx.clock.now()
  const asOf = parts === null ? now : new Date(Math.min(Number(parts[0]), now.getTime()))
  const after =
    parts === null
      ? null
      : { rank: parts[1] ?? '', createdAt: new Date(Number(parts[2])), id: parts[3] ?? '' }

  const search = { viewerId: viewer.id, q, now, asOf, after, limit: limit + 1 }
  // Perhaps from a copy that lags: what is shown of them is judged and marked on the primary.
  const matches = await ctx.replica.read((stores) => stores.search.findCandidates(search))
  const page = matches.slice(0, limit)
  const [rows, marked] = await Promise.all([
    hydrateStories(ctx, viewer, page),
    ctx.stores.search.markMatches(
      q,
      page.map(({ id }) => id),
    ),
  ])
  const last = page.at(-1)
  return {
    items: await Promise.all(
      rows.map(async (row) => ({
        ...(await presentStory(row, ctx.objects)),
        highlight: highlightOf(marked.get(row.id) ?? ''),
      })),
    ),
    next_cursor: matches.length > limit && last !== undefined ? cursorOf(asOf, last) : null,
  }
}

const cursorOf = (asOf: Date, row: Candidate): string =>
  encodeCursor(CURSOR_TAG, [String(asOf.getTime()), row.rank, String(row.createdAt.getTime()), row.id])
