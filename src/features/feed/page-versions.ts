import { createBatcher } from '../../kernel/batcher'
import { newSecret } from '../../kernel/ids'
import type { RedisGate } from '../../platform/redis/client'
import type { RedisCommands } from '../../platform/redis/connection'
import { readMany } from '../../platform/redis/read-many'
import { type Change, type ChangeLog, createChangeScript } from './change-log'

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
  /** The same for the version of the viewer's follows; throws RedisDown. */
  ensureGraph(viewerId: string): Promise<string>
  /** What pages of these viewers have to agree with, in one round trip; throws RedisDown. */
  current(viewerIds: readonly string[]): Promise<CurrentVersions>
  /** False while a change waits for Redis, and for pages that may be older than one. */
  canServe(renderedAtMs: number): boolean
}>

export type CurrentVersions = Readonly<{
  /** Of each viewer the version and, behind it, the stories viewed under it (`readMark`); null when there is none. */
  marks: readonly (string | null)[]
  /** A token that changes with every removal. */
  removed: string
}>

const VERSION_TTL_SECONDS = 3600
/** Longer than any page lives. */
const REMOVED_KEPT_MS = 120_000
/** A token and 64 ids: a new page costs less than looking through more. */
const VERSION_LENGTH_MAX = 12 + 64 * 37
const PENDING_MAX = 100_000
const PIECE = 500
/** Clocks of instances differ by so much; a page counts as older than a failure up to this much. */
export const CLOCK_SKEW_MS = 2000

/**
 * By Redis' clock: an instance with another time would forget what others removed, or have its own forgotten.
 * keys ids by when they were removed, token; values new token, milliseconds and seconds to keep, ids.
 */
const NOTE_REMOVED = createChangeScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 4, #values do redis.call('ZADD', keys[1], now, values[i]) end
redis.call('SET', keys[2], values[1], 'EX', values[3])
redis.call('ZREMRANGEBYSCORE', keys[1], '-inf', now - values[2])
redis.call('EXPIRE', keys[1], values[3])
`)

/**
 * Without a version there is no page to be marked as viewed; past the bound the list makes way for a new version. keys
 * versions; values the bound, a new version, its seconds, and for each key the story, or nothing for a new version.
 */
const MARK = createChangeScript(`
for i, key in ipairs(keys) do
  local story = values[i + 3]
  if story == '' or redis.call('EXISTS', key) == 1 and redis.call('APPEND', key, ',' .. story) > tonumber(values[1]) then
    redis.call('SET', key, values[2], 'EX', values[3])
  end
end
`)

/** What a viewer did: viewed the story, or, without one, something that makes all of their pages stale. */
type Deed = Readonly<{ viewerId: string; storyId: string }>
const DEEDS_AT_ONCE_MAX = 500
/** A command wakes two processes, for one deed as for ten: those of a busy moment travel together. */
const TELL_EVERY_MS = 4
const DEEDS_ENOUGH = 6

export function createPageVersions(
  redis: RedisGate,
  nowMs: () => number,
  changes: Pick<ChangeLog, 'make' | 'outlast'>,
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

  const renewGraph = (viewerIds: readonly string[]) => (connection: RedisCommands) =>
    Promise.all(viewerIds.map((id) => connection.set(graphKey(id), newSecret(9), 'EX', VERSION_TTL_SECONDS)))
  const orRemember = async (owed: Owed, ids: readonly string[], change: Promise<unknown>) => {
    try {
      await change
    } catch {
      remember(owed, ids)
    }
  }
  const ensureKey = async (key: string): Promise<string> => {
    const made = newSecret(9)
    const before = await redis.run((connection) =>
      connection.set(key, made, 'EX', VERSION_TTL_SECONDS, 'NX', 'GET'),
    )
    return before === null ? made : readMark(before).version
  }
  const removal = (storyIds: readonly string[]): Change => ({
    script: NOTE_REMOVED,
    values: [newSecret(9), REMOVED_KEPT_MS, VERSION_TTL_SECONDS],
    items: [{ keys: [removedSet, removedKey], values: storyIds }],
  })
  const marking = (deeds: readonly { key: string; storyId: string }[]): Change => ({
    script: MARK,
    values: [VERSION_LENGTH_MAX, newSecret(9), VERSION_TTL_SECONDS],
    items: deeds.map(({ key, storyId }) => ({ keys: [key], values: [storyId] })),
  })
  const renewal = (keys: readonly string[]) => marking(keys.map((key) => ({ key, storyId: '' })))
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
  /** For other processes, which may still reach Redis, or reach it sooner: nobody waits for it. */
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
    for (const keys of inPieces([...viewers.map(versionKey), ...viewers.map(graphKey)]))
      await changes.make('all', renewal(keys), run)
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
    renew: (viewerIds) => orRemember(staleViewers, viewerIds, renew(viewerIds)),
    renewGraph: (viewerIds) => orRemember(staleViewers, viewerIds, redis.run(renewGraph(viewerIds))),
    // A view hides nothing, so none waits until other processes' leases end.
    noteViewed: (viewerId, storyId) => orRemember(staleViewers, [viewerId], mark({ viewerId, storyId })),
    async noteRemoved(storyId) {
      try {
        await changes.outlast(await changes.make('all', removal([storyId])))
      } catch {
        remember(removedStories, [storyId])
        void changes.make('all', removal([storyId]), tell)
      }
    },
    async removedAmong(storyIds) {
      if (storyIds.length === 0) return new Set()
      const scores = await redis.run((connection) => connection.zmscore(removedSet, ...storyIds))
      return new Set(storyIds.filter((_, i) => scores[i] !== null))
    },
    ensure: (viewerId) => ensureKey(versionKey(viewerId)),
    ensureGraph: (viewerId) => ensureKey(graphKey(viewerId)),
    canServe: (renderedAtMs) =>
      redis.isUp() &&
      staleViewers.size === 0 &&
      removedStories.size === 0 &&
      renderedAtMs >
        Math.max(redis.lastFailureMs() === 0 ? 0 : redis.lastFailureMs() + CLOCK_SKEW_MS, distrustBeforeMs),
  }
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
