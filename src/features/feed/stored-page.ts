import type { Story } from '../stories/schema'
import { readMark } from './page-versions'

/** A rendered page as Redis and memory keep it: what it was made under, and the bytes that leave. */
export type StoredPage = Readonly<{
  /** The version that it was made under and the views that are worked into it, as Redis has them (`readMark`). */
  mark: string
  /** The token of removals that it was made under, or that was read before the last ones were worked in. */
  removed: string
  renderedAtMs: number
  firstExpiryMs: number
  /** From then on it is no page, however well it fits. */
  endsAtMs: number
  /** How many stories were asked for. */
  limit: number
  body: Uint8Array
}> & {
  /** The position in the log of changes at which all of it was last known to be as it has to be; -1 while it never was. */
  goodAt: number
}

export type FeedPage = Readonly<{ items: readonly Story[]; next_cursor: string | null }>

type Head = Pick<StoredPage, 'removed' | 'renderedAtMs' | 'firstExpiryMs' | 'endsAtMs' | 'limit'>

const NEW_LINE = 10
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** A line with the head, then the body. */
export function writePage(version: string, head: Head, body: string): string {
  const { removed, renderedAtMs, firstExpiryMs, endsAtMs, limit } = head
  return `${[version, removed, renderedAtMs, firstExpiryMs, endsAtMs, limit].join(' ')}\n${body}`
}

export function readPage(stored: Buffer): StoredPage {
  const end = stored.indexOf(NEW_LINE)
  const head = stored.toString('latin1', 0, end).split(' ')
  const [version = '', removed = '', renderedAtMs, firstExpiryMs, endsAtMs, limit] = head
  return {
    mark: version,
    removed,
    renderedAtMs: Number(renderedAtMs),
    firstExpiryMs: Number(firstExpiryMs),
    endsAtMs: Number(endsAtMs),
    limit: Number(limit),
    body: stored.subarray(end + 1),
    goodAt: -1,
  }
}

/** When the first of these ends, in epoch milliseconds. */
export const firstExpiryOf = (items: readonly Story[]): number =>
  Math.min(...items.map((story) => Date.parse(story.expires_at)), Number.MAX_SAFE_INTEGER)

/** What the database would say of the page after these views; an author's own are not counted. */
export function withViews(page: StoredPage, viewed: string, viewerId: string): StoredPage {
  const known = readMark(page.mark)
  if (viewed === '' || viewed === known.viewed) return page
  const marked = { ...page, mark: `${known.version},${viewed}` }
  // Redis adds to the end, so what is worked in already need not be looked for again.
  const isLonger = known.viewed !== '' && viewed.startsWith(`${known.viewed},`)
  const storyIds = (isLonger ? viewed.slice(known.viewed.length + 1) : viewed).split(',')
  const bytes = Buffer.from(page.body.buffer, page.body.byteOffset, page.body.byteLength)
  if (!storyIds.some((id) => bytes.includes(id, 0, 'latin1'))) return marked
  const parsed = JSON.parse(decoder.decode(bytes)) as FeedPage
  const items = parsed.items.map((story) => {
    if (story.viewer.has_viewed || !storyIds.includes(story.id)) return story
    const views = story.counters.views + (story.author_id === viewerId ? 0 : 1)
    return {
      ...story,
      counters: { ...story.counters, views },
      viewer: { ...story.viewer, has_viewed: true },
    }
  })
  return { ...marked, body: encoder.encode(JSON.stringify({ ...parsed, items })) }
}

/**
 * The page without what was removed or has ended since.
 *
 * @param removed the token of removals that was read before `removedAmong` is asked: a later removal changes it again
 * @param removedAmong which of these stories were removed
 */
export async function withoutGone(
  page: StoredPage,
  removed: string,
  removedAmong: (storyIds: readonly string[]) => Promise<Set<string>>,
  nowMs: () => number,
): Promise<StoredPage> {
  const parsed = JSON.parse(decoder.decode(page.body)) as FeedPage
  const gone = await removedAmong(parsed.items.map((story) => story.id))
  const now = nowMs()
  const items = parsed.items.filter((story) => !gone.has(story.id) && Date.parse(story.expires_at) > now)
  const body = encoder.encode(JSON.stringify({ ...parsed, items }))
  return { ...page, removed, firstExpiryMs: firstExpiryOf(items), body }
}
