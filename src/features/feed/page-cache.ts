import type { Metrics } from '../../platform/metrics'
import type { RedisGate } from '../../platform/redis/client'
import type { Story } from '../stories/schema'
import type { PageVersions } from './page-versions'

/**
 * The first page of a feed, rendered, for some seconds. It can lag in showing a story, never in hiding one: a page of
 * another version is no page, and what ended since is cut out before the bytes leave.
 */

type FeedPage = Readonly<{ items: readonly Story[]; next_cursor: string | null }>

/** What a page has to be stored under: read before the database, so that a change meanwhile makes it stale. */
export type PageStamp = Readonly<{ version: string; removed: string; renderedAtMs: number }>

export type PageLookup =
  | Readonly<{ kind: 'hit'; body: string }>
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
  const pageKey = (viewerId: string, limit: number) => redis.key('feed', viewerId, String(limit))
  const count = (result: 'hit' | 'miss' | 'error') =>
    metrics.cacheRequests.inc({ cache: 'feed_page', result })

  const look = async (viewerId: string, limit: number): Promise<PageLookup> => {
    const renderedAtMs = nowMs()
    const [stored, version, removed] = await redis.run((connection) =>
      connection.mget(pageKey(viewerId, limit), versions.versionKey(viewerId), versions.removedKey),
    )
    const page = stored === null || stored === undefined ? null : parsePage(stored)
    if (page !== null && page.version === version && versions.canServe(page.renderedAtMs)) {
      const isWhole = page.removed === (removed ?? '') && page.firstExpiryMs > nowMs()
      return { kind: 'hit', body: isWhole ? page.body : await cut(page.body) }
    }
    const stamp = {
      version: version ?? (await versions.ensure(viewerId)),
      removed: removed ?? '',
      renderedAtMs,
    }
    return { kind: 'miss', stamp }
  }

  const cut = async (body: string): Promise<string> => {
    const page = JSON.parse(body) as FeedPage
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
      const head = [stamp.version, stamp.removed, stamp.renderedAtMs, firstExpiryMs].join(' ')
      // Pages made together should not end together.
      const ttlMs = Math.round(ttlSeconds * 1000 * (0.9 + Math.random() * 0.1))
      await redis
        .run((connection) => connection.set(pageKey(viewerId, limit), `${head}\n${body}`, 'PX', ttlMs))
        .catch(() => undefined)
    },
  }
}

type StoredPage = PageStamp & Readonly<{ firstExpiryMs: number; body: string }>

function parsePage(stored: string): StoredPage {
  const end = stored.indexOf('\n')
  const [version = '', removed = '', renderedAtMs, firstExpiryMs] = stored.slice(0, end).split(' ')
  return {
    version,
    removed,
    renderedAtMs: Number(renderedAtMs),
    firstExpiryMs: Number(firstExpiryMs),
    body: stored.slice(end + 1),
  }
}
