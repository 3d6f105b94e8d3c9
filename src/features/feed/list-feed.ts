import type { AppContext } from '../../context'
import type { PageInput } from '../../kernel/cursor'
import { decodeTimeKey, encodeTimeKey, type TimeKey } from '../../kernel/cursor'
import type { Viewer } from '../../kernel/viewer'
import { hydrateStories } from '../stories/hydrate'
import { presentStory } from '../stories/present'
import type { StoryRow } from '../stories/story-row'
import type { FeedPage } from './stored-page'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'objects' | 'friends' | 'pageCache' | 'loads'>

const CURSOR_TAG = 'feed'
const FILLS_MAX = 3

/**
 * Active stories that the viewer may see, newest first; the first page comes from the cache when it can.
 *
 * @returns the answer's JSON, as text or as its bytes
 * @throws AppError `invalid_cursor`
 */
export async function listFeed(
  ctx: Deps,
  viewer: Viewer,
  { limit, cursor }: PageInput,
): Promise<string | Uint8Array> {
  if (cursor !== undefined) {
    return JSON.stringify(await loadPage(ctx, viewer, limit, decodeTimeKey(CURSOR_TAG, cursor)))
  }
  const ready = ctx.pageCache.ready(viewer.id, limit)
  if (ready !== null) return ready
  const found = await ctx.pageCache.find(viewer.id, limit)
  if (found.kind === 'hit') return found.body
  if (found.kind === 'off') return JSON.stringify(await loadPage(ctx, viewer, limit, null))
  const { version, removed, viewed, failedMs } = found.stamp
  // Of many requests at once for the same page one loads it; what it is made after keeps later changes apart.
  const name = [viewer.id, limit, version, removed, viewed, failedMs].join(':')
  const made = await ctx.loads.once(name, async () => {
    const page = await loadPage(ctx, viewer, limit, null)
    const body = JSON.stringify(page)
    await ctx.pageCache.keep(viewer.id, limit, found.stamp, page, body)
    return { page, body }
  })
  return withoutEnded(made, ctx.clock.nowMs())
}

/** Whoever comes while a page is loaded may come after the end of a story that was active when its load began. */
function withoutEnded({ page, body }: { page: FeedPage; body: string }, nowMs: number): string {
  const items = page.items.filter((story) => Date.parse(story.expires_at) > nowMs)
  return items.length === page.items.length ? body : JSON.stringify({ ...page, items })
}

/** Skeleton, hydration, rules, presentation; a page that the rules left too short is filled a few times. */
async function loadPage(ctx: Deps, viewer: Viewer, limit: number, start: TimeKey | null): Promise<FeedPage> {
  const shown: StoryRow[] = []
  let after = start
  let hasMore = true
  for (let fill = 0; hasMore && shown.length < limit && fill < FILLS_MAX; fill++) {
    const wanted = limit - shown.length
    const skeleton = await ctx.stores.feed.listSkeleton(viewer.id, ctx.clock.now(), after, wanted + 1)
    const rows = skeleton.slice(0, wanted)
    hasMore = skeleton.length > wanted
    shown.push(...(await hydrateStories(ctx, viewer, rows)))
    const last = rows.at(-1)
    if (last !== undefined) after = { at: last.createdAt, id: last.id }
  }
  return {
    items: await Promise.all(shown.map((row) => presentStory(row, ctx.objects))),
    next_cursor: hasMore && after !== null ? encodeTimeKey(CURSOR_TAG, after) : null,
  }
}
