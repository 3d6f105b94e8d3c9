import { createBatcher } from '../../kernel/batcher'
import type { Metrics } from '../../platform/metrics'
import type { RedisGate } from '../../platform/redis/client'
import type { Story } from '../stories/schema'
import type { ChangeLog } from './change-log'
import { createPageMemory, type StoredPage } from './page-memory'
import { CLOCK_SKEW_MS, type PageVersions, readMark } from './page-versions'

/**
 * The first page of a feed, rendered, for some seconds. It can lag in showing a story, never in hiding one: a page of
 * another version is no page, what ended since is cut out before the bytes leave, and what the viewer viewed since is
 * marked. Redis holds the pages for all
 * processes; each remembers the bytes it served, so that a warm page costs the round trip for the versions and no more,
 * and not even that while the process knows from the log of changes that nothing has changed.
 */

type FeedPage = Readonly<{ items: readonly Story[]; next_cursor: string | null }>

/** What a page has to be stored under: read before the database, so that a change meanwhile makes it stale. */
export type PageStamp = Readonly<{ version: string; removed: string; viewed: string; renderedAtMs: number }>

type Hit = Readonly<{ kind: 'hit'; body: string | Uint8Array }>
type Miss = Readonly<{ kind: 'miss'; stamp: PageStamp }>
export type PageLookup = Hit | Miss | Readonly<{ kind: 'off' }>

type Asked = Readonly<{ viewerId: string; limit: number }>
/** Not remembered here as it has to be; what Redis said of it. */
type Cold = Readonly<{
  kind: 'cold'
  mark: string | null
  removed: string
  renderedAtMs: number
  /** The position in the log of changes from before Redis was asked. */
  position: number
}>

export type PageCache = Readonly<{
  /** The page, if this process has it and knows without asking that nothing has changed since it was found good. */
  ready(viewerId: string, limit: number): Uint8Array | null
  /** Never throws: without Redis the answer is `off`. */
  find(viewerId: string, limit: number): Promise<PageLookup>
  /** Keeps a page for others to find; never throws. */
  keep(viewerId: string, limit: number, stamp: PageStamp, page: FeedPage, body: string): Promise<void>
}>

type Options = Readonly<{
  redis: RedisGate
  versions: PageVersions
  changes: Pick<ChangeLog, 'position' | 'isUnchanged' | 'follow'>
  metrics: Pick<Metrics, 'cacheRequests'>
  nowMs: () => number
  /** 0 turns the cache off. */
  ttlSeconds: number
}>

const OFF = { kind: 'off' } as const

/** So many at once are worth following the log for: every change waits for those who do. */
const BUSY_FROM = 4

export function createPageCache({
  redis,
  versions,
  changes,
  metrics,
  nowMs,
  ttlSeconds,
}: Options): PageCache {
  const memory = createPageMemory()
  const keyPrefix = redis.key('feed', '')
  const pageKey = (viewerId: string, limit: number) => `${keyPrefix}${viewerId}:${limit}`
  const count = (result: 'hit' | 'miss' | 'error', times = 1) =>
    metrics.cacheRequests.inc({ cache: 'feed_page', result }, times)

  /** All that are asked for at once cost one round trip, and the warm ones among them nothing more. */
  const look = createBatcher<Asked, Hit | Cold>({
    sizeMax: Number.POSITIVE_INFINITY,
    // A turn costs next to nothing, and a command that is spared costs many.
    turns: 2,
    async run(asked) {
      const renderedAtMs = nowMs()
      const position = changes.position()
      if (asked.length >= BUSY_FROM) changes.follow()
      const { marks, removed } = await versions.current(asked.map(({ viewerId }) => viewerId))
      const now = nowMs()
      const answers = asked.map(({ viewerId, limit }, i): Hit | Cold => {
        const mark = marks[i] ?? null
        const page = memory.get(pageKey(viewerId, limit))
        if (page?.mark !== mark || !isWhole(page, removed, now) || !isGood(page, now)) {
          return { kind: 'cold', mark, removed, renderedAtMs, position }
        }
        page.goodAt = position
        return { kind: 'hit', body: page.body }
      })
      const hits = answers.filter(({ kind }) => kind === 'hit').length
      if (hits > 0) count('hit', hits)
      return answers
    },
  })
  const lookFurther = async (
    { viewerId, limit }: Asked,
    { mark, removed, renderedAtMs, position }: Cold,
  ): Promise<Hit | Miss> => {
    const { version, viewed } =
      mark === null ? { version: await versions.ensure(viewerId), viewed: '' } : readMark(mark)
    const key = pageKey(viewerId, limit)
    const found = mark === null ? null : (findRemembered(key, version) ?? (await findStored(key, version)))
    if (found === null) return { kind: 'miss', stamp: { version, removed, viewed, renderedAtMs } }
    const marked = markViewed(key, found, viewed, viewerId)
    if (!isWhole(found, removed, nowMs())) return { kind: 'hit', body: await cut(marked.body) }
    marked.goodAt = position
    return { kind: 'hit', body: marked.body }
  }

  const isWhole = (page: StoredPage, removed: string, now: number): boolean =>
    page.removed === removed && page.firstExpiryMs > now
  const isGood = (page: StoredPage, now: number): boolean =>
    page.endsAtMs > now &&
    // A clock that was set back would keep a remembered page for as long.
    page.renderedAtMs <= now + CLOCK_SKEW_MS &&
    versions.canServe(page.renderedAtMs)
  const isOf = (page: StoredPage, version: string): boolean => readMark(page.mark).version === version
  const findRemembered = (key: string, version: string): StoredPage | null => {
    const page = memory.get(key)
    if (page === undefined) return null
    if (isOf(page, version) && isGood(page, nowMs())) return page
    // One from before a failure would otherwise hide the one that was kept since.
    memory.delete(key)
    return null
  }
  const findStored = async (key: string, version: string): Promise<StoredPage | null> => {
    const stored = await redis.run((connection) => connection.getBuffer(key))
    const page = stored === null ? null : parsePage(stored)
    if (page === null || !isOf(page, version) || !isGood(page, nowMs())) return null
    memory.set(key, page)
    return page
  }

  /** The page with what the viewer has viewed since; remembered, so that each view is worked in once. */
  const markViewed = (key: string, page: StoredPage, viewed: string, viewerId: string): StoredPage => {
    const known = readMark(page.mark)
    if (viewed === '' || viewed === known.viewed) return page
    const body = withViews(page.body, viewed.split(','), viewerId)
    const marked = { ...page, mark: `${known.version},${viewed}`, body }
    memory.set(key, marked)
    return marked
  }

  const cut = async (body: Uint8Array): Promise<string> => {
    const page = JSON.parse(decoder.decode(body)) as FeedPage
    const removed = await versions.removedAmong(page.items.map((story) => story.id))
    const now = nowMs()
    const items = page.items.filter((story) => !removed.has(story.id) && Date.parse(story.expires_at) > now)
    return JSON.stringify({ ...page, items })
  }

  const ready = (viewerId: string, limit: number): Uint8Array | null => {
    const page = memory.get(pageKey(viewerId, limit))
    if (page === undefined || !changes.isUnchanged(viewerId, page.goodAt)) return null
    const now = nowMs()
    if (page.firstExpiryMs <= now || !isGood(page, now)) return null
    changes.follow()
    count('hit')
    return page.body
  }

  return {
    ready,
    async find(viewerId, limit) {
      if (ttlSeconds === 0) return OFF
      try {
        const asked = { viewerId, limit }
        const known = await look(asked)
        if (known.kind === 'hit') return known
        const found = await lookFurther(asked, known)
        count(found.kind)
        return found
      } catch {
        count('error')
        return OFF
      }
    },
    async keep(viewerId, limit, stamp, page, body) {
      const firstExpiryMs = Math.min(
        ...page.items.map((story) => Date.parse(story.expires_at)),
        Number.MAX_SAFE_INTEGER,
      )
      // Pages made together should not end together.
      const ttlMs = Math.round(ttlSeconds * 1000 * (0.9 + Math.random() * 0.1))
      const { version, removed, renderedAtMs } = stamp
      // From when it was made: noted removals are kept for longer than a page lives, and making one may take long.
      const endsAtMs = renderedAtMs + ttlMs
      const leftMs = endsAtMs - nowMs()
      if (leftMs <= 0) return
      const head = [version, removed, renderedAtMs, firstExpiryMs, endsAtMs].join(' ')
      await redis
        .run((connection) => connection.set(pageKey(viewerId, limit), `${head}\n${body}`, 'PX', leftMs))
        .catch(() => undefined)
    },
  }
}

const NEW_LINE = 10
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** What the database would say of the page after these views; an author's own are not counted. */
function withViews(body: Uint8Array, storyIds: readonly string[], viewerId: string): Uint8Array {
  const text = decoder.decode(body)
  if (!storyIds.some((id) => text.includes(id))) return body
  const page = JSON.parse(text) as FeedPage
  const items = page.items.map((story) => {
    if (story.viewer.has_viewed || !storyIds.includes(story.id)) return story
    const views = story.counters.views + (story.author_id === viewerId ? 0 : 1)
    return {
      ...story,
      counters: { ...story.counters, views },
      viewer: { ...story.viewer, has_viewed: true },
    }
  })
  return encoder.encode(JSON.stringify({ ...page, items }))
}

function parsePage(stored: Buffer): StoredPage {
  const end = stored.indexOf(NEW_LINE)
  const head = stored.toString('latin1', 0, end).split(' ')
  const [version = '', removed = '', renderedAtMs, firstExpiryMs, endsAtMs] = head
  return {
    mark: version,
    removed,
    renderedAtMs: Number(renderedAtMs),
    firstExpiryMs: Number(firstExpiryMs),
    endsAtMs: Number(endsAtMs),
    body: stored.subarray(end + 1),
    goodAt: -1,
  }
}
