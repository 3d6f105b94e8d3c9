import { createBatcher } from '../../kernel/batcher'
import { newSecret } from '../../kernel/ids'
import type { RedisGate } from '../../platform/redis/client'
import type { RedisCommands } from '../../platform/redis/connection'
import { readMany } from '../../platform/redis/read-many'
import type { Change, ChangeLog } from './change-log'
import { marking, REMOVED_KEPT_MS, removing, renewal, VERSION_TTL_SECONDS } from './page-changes'

/**
 * What makes cached pages stale. Each viewer has a version, a random token that changes with what they do; a page of
 * another version is no page. What they view, which they do most, is noted behind the token, and deleted stories, which
 * can be on anybody's page, apart: both are worked into the pages that are there. Whatever could not reach Redis is done
 * again before anything is served from it.
 */
export type PageVersions = Readonly<{
  /** New versions for these viewers; never throws. */
  renew(viewerIds: readonly string[]): Promise<void>
  /** New versions of what these viewers' follows say, which views and posts do not touch; never throws. */
  renewGraph(viewerIds: readonly string[]): Promise<void>
  /** The story counts as viewed on every page of the viewer from now on; never throws. */
  noteViewed(viewerId: string, storyId: string): Promise<void>
  /** The story is cut out of every cached page from now on; never throws. */
  noteRemoved(storyId: string): Promise<void>
  /** Which of these stories were removed lately; throws RedisDown. */
  removedAmong(storyIds: readonly string[]): Promise<Set<string>>
  /** The viewer's version, made when there is none; throws RedisDown. */
  ensure(viewerId: string): Promise<string>
  /**
   * The same for the version of the viewer's follows; null while that cannot be relied on, as Redis may have come back with
   * an older one. Throws RedisDown.
   */
  ensureGraph(viewerId: string): Promise<string | null>
  /** What pages of these viewers have to agree with, in one round trip; throws RedisDown. */
  current(viewerIds: readonly string[]): Promise<CurrentVersions>
  /** False while a change waits for Redis, and for what may be older than one that Redis lost. */
  canServe(renderedAtMs: number): boolean
}>

export type CurrentVersions = Readonly<{
  /** Of each viewer the version and, behind it, the stories viewed under it (`readMark`); null when there is none. */
  marks: readonly (string | null)[]
  /** A token that changes with every removal. */
  removed: string
}>

const PENDING_MAX = 100_000
const PIECE = 500
/** Clocks of instances differ by so much; a page counts as older than a failure up to this much. */
export const CLOCK_SKEW_MS = 2000

/** What a viewer did: viewed the story, or, without one, something that makes all of their pages stale. */
type Deed = Readonly<{ viewerId: string; storyId: string }>
const DEEDS_AT_ONCE_MAX = 500
/** A command wakes two processes, for one deed as for ten: those of a busy moment travel together. */
const TELL_EVERY_MS = 4
const DEEDS_ENOUGH = 6

/**
 * @param startedMs since when this process has seen what happens to Redis, in epoch milliseconds. What Redis lost before, in
 *   a restart or a takeover, it does not know of, so nothing older is relied on.
 */
export function createPageVersions(
  redis: RedisGate,
  nowMs: () => number,
  changes: Pick<ChangeLog, 'make' | 'outlast'>,
  startedMs: number,
): PageVersions {
  // One script changes both, so in a cluster they have to lie on the same node: that is what the braces say.
  const removedKey = redis.key('{removed}', 'version')
  const removedSet = redis.key('{removed}', 'ids')
  // The braces are of a time when a second key lay beside it: without them, processes of both times would not hear of
  // each other's changes while one takes the other's place.
  const versionHead = redis.key('version', '{')
  const versionKey = (viewerId: string) => `${versionHead}${viewerId}}`
  const graphKey = (viewerId: string) => redis.key('graph', viewerId)
  /** With a mark for each time, so that what fails again while it is made good is owed anew. */
  const staleViewers: Owed = new Map()
  const removedStories: Owed = new Map()
  let distrustBeforeMs = 0

  const newGraphVersion = () => `${nowMs().toString(36)}.${newSecret(9)}`
  const renewGraph = (viewerIds: readonly string[]) => (connection: RedisCommands) =>
    Promise.all(
      viewerIds.map((id) => connection.set(graphKey(id), newGraphVersion(), 'EX', VERSION_TTL_SECONDS)),
    )
  /** What cannot be made is told nevertheless, if that is given: others may reach Redis. */
  const orRemember = async (
    owed: Owed,
    ids: readonly string[],
    change: Promise<unknown>,
    tellChange?: () => Promise<unknown>,
  ) => {
    try {
      await change
    } catch {
      remember(owed, ids)
      await tellChange?.()
    }
  }
  const ensureKey = async (key: string, made: string): Promise<string> => {
    const before = await redis.run((connection) =>
      connection.set(key, made, 'EX', VERSION_TTL_SECONDS, 'NX', 'GET'),
    )
    return before === null ? made : readMark(before).version
  }
  const removal = (storyIds: readonly string[]): Change => removing(removedSet, removedKey, storyIds)
  const canServe = (renderedAtMs: number): boolean =>
    redis.isUp() &&
    staleViewers.size === 0 &&
    removedStories.size === 0 &&
    renderedAtMs > Math.max(withSkew(redis.lastFailureMs()), withSkew(startedMs), distrustBeforeMs)
  /** Answers how long it may take until others know. */
  const mark = createBatcher<Deed, number>({
    sizeMax: DEEDS_AT_ONCE_MAX,
    everyMs: TELL_EVERY_MS,
    enough: DEEDS_ENOUGH,
    async run(deeds) {
      const viewerIds = deeds.map(({ viewerId }) => viewerId)
      const named = deeds.map(({ viewerId, storyId }) => ({ key: versionKey(viewerId), storyId }))
      const leaseMs = await changes.make(viewerIds, marking(named))
      return deeds.map(() => leaseMs)
    },
  })
  const renew = async (viewerIds: readonly string[]) => {
    const leases = await Promise.all(viewerIds.map((viewerId) => mark({ viewerId, storyId: '' })))
    await changes.outlast(Math.max(0, ...leases))
  }
  /** For other processes, which may still reach Redis, or reach it sooner: nobody waits for its answer. */
  const tell: RedisGate['run'] = async (command) => {
    redis.tell(command)
    return undefined as never
  }
  /** Past the bound it is cheaper to distrust every page for a while than to remember more. */
  const remember = (owed: Owed, ids: readonly string[]) => {
    for (const id of ids) owed.set(id, Symbol())
    if (owed.size <= PENDING_MAX) return
    owed.clear()
    distrustBeforeMs = Math.max(distrustBeforeMs, nowMs() + REMOVED_KEPT_MS)
  }

  redis.beforeRecovery(async (run) => {
    const [viewersOwed, storiesOwed] = [[...staleViewers], [...removedStories]]
    const viewers = viewersOwed.map(([id]) => id)
    const stories = storiesOwed.map(([id]) => id)
    for (const ids of inPieces(viewers)) {
      await run(renewGraph(ids))
      await changes.make('all', renewal(ids.map(versionKey)), run)
    }
    for (const ids of inPieces(stories)) await changes.make('all', removal(ids), run)
    settle(staleViewers, viewersOwed)
    settle(removedStories, storiesOwed)
  })

  return {
    async current(viewerIds) {
      const keys = [removedKey, ...viewerIds.map(versionKey)]
      const [removed, ...marks] = await redis.run((connection) => readMany(connection, keys))
      return { marks, removed: removed ?? '' }
    },
    renew: (viewerIds) =>
      orRemember(staleViewers, viewerIds, renew(viewerIds), async () =>
        changes.outlast(await changes.make(viewerIds, renewal(viewerIds.map(versionKey)), tell)),
      ),
    renewGraph: (viewerIds) =>
      orRemember(staleViewers, viewerIds, redis.run(renewGraph(viewerIds)), () =>
        tell(renewGraph(viewerIds)),
      ),
    // A view hides nothing, so none waits until other processes' leases end.
    noteViewed: (viewerId, storyId) => orRemember(staleViewers, [viewerId], mark({ viewerId, storyId })),
    async noteRemoved(storyId) {
      const note = async (run?: RedisGate['run']) =>
        changes.outlast(await changes.make('all', removal([storyId]), run))
      await orRemember(removedStories, [storyId], note(), () => note(tell))
    },
    async removedAmong(storyIds) {
      if (storyIds.length === 0) return new Set()
      const scores = await redis.run((connection) => connection.zmscore(removedSet, ...storyIds))
      return new Set(storyIds.filter((_, i) => scores[i] !== null))
    },
    ensure: (viewerId) => ensureKey(versionKey(viewerId), newSecret(9)),
    async ensureGraph(viewerId) {
      const version = await ensureKey(graphKey(viewerId), newGraphVersion())
      if (canServe(madeMsOf(version))) return version
      if (canServe(nowMs())) await redis.run(renewGraph([viewerId]))
      return null
    },
    canServe,
  }
}

/** Of a failure or start at 0, which never was, nothing is younger. */
const withSkew = (ms: number): number => (ms === 0 ? 0 : ms + CLOCK_SKEW_MS)

/** Versions of the follows begin with their moment; one of an older release has none. */
function madeMsOf(graphVersion: string): number {
  const end = graphVersion.indexOf('.')
  return end < 0 ? 0 : Number.parseInt(graphVersion.slice(0, end), 36)
}

type Owed = Map<string, symbol>

const settle = (owed: Owed, done: readonly (readonly [string, symbol])[]): void => {
  for (const [id, mark] of done) if (owed.get(id) === mark) owed.delete(id)
}

/** The version, which is base64url, ends at the first comma; the ids of stories viewed follow, with commas between them. */
export function readMark(mark: string): { version: string; viewed: string } {
  const end = mark.indexOf(',')
  return end < 0
    ? { version: mark, viewed: '' }
    : { version: mark.slice(0, end), viewed: mark.slice(end + 1) }
}

/** Each piece has the deadline of a command, which all of them at once would miss again and again. */
function* inPieces(items: readonly string[]): Generator<string[]> {
  for (let at = 0; at < items.length; at += PIECE) yield items.slice(at, at + PIECE)
}
