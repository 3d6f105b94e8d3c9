import { createBatcher } from '../../kernel/batcher'
import type { Metrics } from '../../platform/metrics'
import type { RedisGate } from '../../platform/redis/client'
import type { ChangeLog } from './change-log'
import { createPageMemory } from './page-memory'
import { CLOCK_SKEW_MS, type PageVersions, readMark } from './page-versions'
import {
  type FeedPage,
  firstExpiryOf,
  readPage,
  type StoredPage,
  withoutGone,
  withViews,
  writePage,
} from './stored-page'

/**
 * The first page of a feed, rendered, for some seconds. It can lag in showing a story, never in hiding one: a page of
 * another version is no page, what ended since is cut out before the bytes leave, and what the viewer viewed since is
 * marked. Redis holds the pages for all processes; each remembers the bytes it served, so that a warm page costs the round
 * trip for the versions and no more, and not even that while the process knows from the log of changes that nothing has
 * changed. A viewer has one page, of the limit asked for last, so that nobody fills Redis by asking for a hundred.
 */

/** What a page has to be stored under: read before the database, so that a change meanwhile makes it stale. */
export type PageStamp = Readonly<{
  version: string
  removed: string
  viewed: string
  renderedAtMs: number
  /** When Redis was last seen to fail, before it was asked: with another moment the same versions may be older ones that it has again. */
  failedMs: number
}>

type Hit = Readonly<{ kind: 'hit'; body: Uint8Array }>
type Miss = Readonly<{ kind: 'miss'; stamp: PageStamp }>
export type PageLookup = Hit | Miss | Readonly<{ kind: 'off' }>

type Asked = Readonly<{ viewerId: string; limit: number }>
type Wanted = Asked & Readonly<{ version: string }>
/** Not remembered here as it has to be; what Redis said of it. */
type Cold = Readonly<{
  kind: 'cold'
  mark: string | null
  removed: string
  renderedAtMs: number
  failedMs: number
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

/** As much as a hundred stories take, each with media and 500 characters of four bytes; a page above it is loaded each time. */
const PAGE_BYTES_MAX = 320 * 1024

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
  const pageKey = (viewerId: string) => redis.key('feed', viewerId)
  const count = (result: 'hit' | 'miss' | 'error', times = 1) =>
    metrics.cacheRequests.inc({ cache: 'feed_page', result }, times)

  /** All that are asked for at once cost one round trip, and the warm ones among them nothing more. */
  const look = createBatcher<Asked, Hit | Cold>({
    sizeMax: Number.POSITIVE_INFINITY,
    // A turn costs next to nothing, and a command that is spared costs many.
    turns: 2,
    async run(asked) {
      const renderedAtMs = nowMs()
      const failedMs = redis.lastFailureMs()
      const position = changes.position()
      if (asked.length >= BUSY_FROM) changes.follow()
      const { marks, removed } = await versions.current(asked.map(({ viewerId }) => viewerId))
      const now = nowMs()
      const answers = asked.map(({ viewerId, limit }, i): Hit | Cold => {
        const mark = marks[i] ?? null
        const page = memory.get(viewerId)
        if (
          page?.mark !== mark ||
          page.limit !== limit ||
          !isWhole(page, removed, now) ||
          !isGood(page, now)
        ) {
          return { kind: 'cold', mark, removed, renderedAtMs, failedMs, position }
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
    { mark, removed, renderedAtMs, failedMs, position }: Cold,
  ): Promise<Hit | Miss> => {
    const { version, viewed } =
      mark === null ? { version: await versions.ensure(viewerId), viewed: '' } : readMark(mark)
    const asked = { viewerId, limit, version }
    const found = mark === null ? null : (findRemembered(asked) ?? (await findStored(asked)))
    if (found === null) {
      return { kind: 'miss', stamp: { version, removed, viewed, renderedAtMs, failedMs } }
    }
    const marked = withViews(found, viewed, viewerId)
    // Remembered, so that each view and each removal is worked in once.
    const whole = isWhole(found, removed, nowMs())
      ? marked
      : await withoutGone(marked, removed, versions.removedAmong, nowMs)
    whole.goodAt = position
    if (whole !== found) memory.set(viewerId, whole)
    return { kind: 'hit', body: whole.body }
  }

  const isWhole = (page: StoredPage, removed: string, now: number): boolean =>
    page.removed === removed && page.firstExpiryMs > now
  const isGood = (page: StoredPage, now: number): boolean =>
    page.endsAtMs > now &&
    // A clock that was set back would keep a remembered page for as long.
    page.renderedAtMs <= now + CLOCK_SKEW_MS &&
    versions.canServe(page.renderedAtMs)
  const isAsked = (page: StoredPage, { limit, version }: Wanted): boolean =>
    page.limit === limit && readMark(page.mark).version === version && isGood(page, nowMs())
  const findRemembered = (wanted: Wanted): StoredPage | null => {
    const page = memory.get(wanted.viewerId)
    if (page === undefined) return null
    if (isAsked(page, wanted)) return page
    // One from before a failure would otherwise hide the one that was kept since.
    memory.delete(wanted.viewerId)
    return null
  }
  const findStored = async (wanted: Wanted): Promise<StoredPage | null> => {
    const stored = await redis.run((connection) => connection.getBuffer(pageKey(wanted.viewerId)))
    const page = stored === null ? null : readPage(stored)
    if (page === null || !isAsked(page, wanted)) return null
    memory.set(wanted.viewerId, page)
    return page
  }

  const ready = (viewerId: string, limit: number): Uint8Array | null => {
    const page = memory.get(viewerId)
    if (page?.limit !== limit || !changes.isUnchanged(viewerId, page.goodAt)) return null
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
      // Pages made together should not end together.
      const ttlMs = Math.round(ttlSeconds * 1000 * (0.9 + Math.random() * 0.1))
      const { version, removed, renderedAtMs } = stamp
      // From when it was made: noted removals are kept for longer than a page lives, and making one may take long.
      const endsAtMs = renderedAtMs + ttlMs
      const leftMs = endsAtMs - nowMs()
      if (leftMs <= 0 || Buffer.byteLength(body) > PAGE_BYTES_MAX) return
      const firstExpiryMs = firstExpiryOf(page.items)
      const stored = writePage(version, { removed, renderedAtMs, firstExpiryMs, endsAtMs, limit }, body)
      await redis
        .run((connection) => connection.set(pageKey(viewerId), stored, 'PX', leftMs))
        .catch(() => undefined)
    },
  }
}
