import type { Metrics } from '../../platform/metrics'
import type { RedisGate } from '../../platform/redis/client'
import type { Story } from '../stories/schema'
import { createPageMemory, type StoredPage } from './page-memory'
import { CLOCK_SKEW_MS, type PageVersions } from './page-versions'

/**
 * The first page of a feed, rendered, for some seconds. It can lag in showing a story, never in hiding one: a page of
 * another version is no page, what ended since is cut out before the bytes leave, and what the viewer viewed since is
 * marked. Redis holds the pages for all
 * processes; each remembers the bytes it served, so that a warm page costs the round trip for the versions and no more.
 */

type FeedPage = Readonly<{ items: readonly Story[]; next_cursor: string | null }>

/** What a page has to be stored under: read before the database, so that a change meanwhile makes it stale. */
export type PageStamp = Readonly<{ version: string; removed: string; viewed: string; renderedAtMs: number }>

export type PageLookup =
  | Readonly<{ kind: 'hit'; body: string | Uint8Array }>
  | Readonly<{ kind: 'miss'; stamp: PageStamp }>
  | Readonly<{ kind: 'off' }>

export type PageCache = Readonly<{
  /** Never throws: without Redis the answer is `off`. */
  find(viewerId: string, limit: number): Promise<PageLookup>
  /** Keeps a page for others to find; never throws. */
  keep(viewerId: string, limit: number, stamp: PageStamp, page: FeedPage, body: string): Promise<void>
}>

type Options = Readonly<{
  redis: RedisGate
  versions: PageVersions
  metrics: Pick<Metrics, 'cacheRequests'>
  nowMs: () => number
  /** 0 turns the cache off. */
  ttlSeconds: number
}>

const OFF = { kind: 'off' } as const

export function createPageCache({ redis, versions, metrics, nowMs, ttlSeconds }: Options): PageCache {
  const memory = createPageMemory()
  const pageKey = (viewerId: string, limit: number) => redis.key('feed', viewerId, String(limit))
  const count = (result: 'hit' | 'miss' | 'error') =>
    metrics.cacheRequests.inc({ cache: 'feed_page', result })

  const look = async (viewerId: string, limit: number): Promise<PageLookup> => {
    const renderedAtMs = nowMs()
    const key = pageKey(viewerId, limit)
    const { version, removed, viewed } = await versions.current(viewerId)
    const found = version === null ? null : (findRemembered(key, version) ?? (await findStored(key, version)))
    if (found !== null) {
      const page = markViewed(key, found, viewed, viewerId)
      const isWhole = page.removed === removed && page.firstExpiryMs > nowMs()
      return { kind: 'hit', body: isWhole ? page.body : await cut(page.body) }
    }
    const stamp = { version: version ?? (await versions.ensure(viewerId)), removed, viewed, renderedAtMs }
    return { kind: 'miss', stamp }
  }

  const isGood = (page: StoredPage, version: string): boolean => {
    const now = nowMs()
    return (
      page.version === version &&
      page.endsAtMs > now &&
      // A clock that was set back would keep a remembered page for as long.
      page.renderedAtMs <= now + CLOCK_SKEW_MS &&
      versions.canServe(page.renderedAtMs)
    )
  }
  const findRemembered = (key: string, version: string): StoredPage | null => {
    const page = memory.get(key)
    if (page === undefined) return null
    if (isGood(page, version)) return page
    // One from before a failure would otherwise hide the one that was kept since.
    memory.delete(key)
    return null
  }
  const findStored = async (key: string, version: string): Promise<StoredPage | null> => {
    const stored = await redis.run((connection) => connection.getBuffer(key))
    const page = stored === null ? null : parsePage(stored)
    if (page === null || !isGood(page, version)) return null
    memory.set(key, page)
    return page
  }

  /** The page with what the viewer has viewed since; remembered, so that each view is worked in once. */
  const markViewed = (key: string, page: StoredPage, viewed: string, viewerId: string): StoredPage => {
    if (viewed === '' || viewed === page.viewed) return page
    const marked = { ...page, viewed, body: withViews(page.body, viewed.split(','), viewerId) }
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

  return {
    async find(viewerId, limit) {
      if (ttlSeconds === 0) return OFF
      try {
        const found = await look(viewerId, limit)
        if (found.kind !== 'off') count(found.kind)
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
      const endsAtMs = nowMs() + ttlMs
      const head = [version, removed, renderedAtMs, firstExpiryMs, endsAtMs].join(' ')
      await redis
        .run((connection) => connection.set(pageKey(viewerId, limit), `${head}\n${body}`, 'PX', ttlMs))
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
    version,
    removed,
    renderedAtMs: Number(renderedAtMs),
    firstExpiryMs: Number(firstExpiryMs),
    endsAtMs: Number(endsAtMs),
    viewed: '',
    body: stored.subarray(end + 1),
  }
}
