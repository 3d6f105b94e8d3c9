import type { AppContext } from '../../context'
import { monotonicMs, startOfUtcDay } from '../../kernel/clock'

type Deps = Pick<AppContext, 'clock' | 'config' | 'stores' | 'objects' | 'activity'>

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const BATCH = 1000
const BATCHES_MAX = 20
const STORIES_BATCH = 100
const OBJECTS_MAX = 500
const OBJECTS_AT_ONCE = 8
const STATS_DAYS_KEPT = 8
/** Events are promised for 24 h; the margin is for clients that come back at the last moment. */
const EVENTS_KEPT_MS = 25 * HOUR_MS
const KEYS_KEPT_MS = DAY_MS
const UNCLAIMED_KEPT_MS = DAY_MS
/** Clocks of the service and the object store may differ by this much. */
const SKEW_MS = 60_000

export type CleanUp = Readonly<Record<string, number>>

/**
 * One round of housekeeping, in short statements: what is past its time goes, and objects that no story has. What fails
 * is logged and tried again in the next round.
 */
export async function cleanUp(ctx: Deps, stopRequested: () => boolean = () => false): Promise<CleanUp> {
  const startedMs = monotonicMs()
  const now = ctx.clock.now()
  const ago = (ms: number) => new Date(now.getTime() - ms)
  const dayAgo = (days: number) => startOfUtcDay(now, days).toISOString().slice(0, 10)
  const { housekeeping, events } = ctx.stores
  const removed: Record<string, number> = {}

  const drop = async (kind: string, batch: () => Promise<number>) => {
    try {
      for (let i = 0; i < BATCHES_MAX && !stopRequested(); i++) {
        const count = await batch()
        removed[kind] = (removed[kind] ?? 0) + count
        if (count < BATCH) return
      }
    } catch (error) {
      ctx.activity.followUpFailed(`drop ${kind}`, error)
    }
  }
  await drop('events', () => events.dropBefore(ago(EVENTS_KEPT_MS), BATCH))
  await drop('idempotency_keys', () => housekeeping.dropIdempotencyKeys(ago(KEYS_KEPT_MS), BATCH))
  await drop('refresh_tokens', () => housekeeping.dropRefreshTokens(now, BATCH))
  await drop('author_days', () => housekeeping.dropDays(dayAgo(STATS_DAYS_KEPT), BATCH))
  await drop('author_viewers', () => housekeeping.dropAuthorViewers(dayAgo(STATS_DAYS_KEPT), BATCH))
  await drop('unclaimed_uploads', () => housekeeping.giveUpUnclaimed(ago(UNCLAIMED_KEPT_MS), BATCH))
  removed.stories = await dropRetired(ctx, ago(ctx.config.retentionDays * DAY_MS), stopRequested)
  removed.objects = await removeObjects(ctx, now, stopRequested)
  ctx.activity.housekeeping(removed, monotonicMs() - startedMs)
  return removed
}

async function dropRetired(ctx: Deps, endedBefore: Date, stopRequested: () => boolean): Promise<number> {
  const { housekeeping } = ctx.stores
  let dropped = 0
  try {
    for (let i = 0; i < BATCHES_MAX && !stopRequested(); i++) {
      const ids = await housekeeping.listRetired(endedBefore, STORIES_BATCH)
      if (ids.length === 0) break
      while ((await housekeeping.dropViewsOf(ids, BATCH)) === BATCH) if (stopRequested()) return dropped
      while ((await housekeeping.dropReactionsOf(ids, BATCH)) === BATCH) if (stopRequested()) return dropped
      dropped += await housekeeping.dropStories(ids)
    }
  } catch (error) {
    ctx.activity.followUpFailed('drop retired stories', error)
  }
  return dropped
}

/**
 * Takes objects out of the store. The row of one whose upload URL may still work stays, so that a late upload is found
 * in a later round.
 */
async function removeObjects(ctx: Deps, now: Date, stopRequested: () => boolean): Promise<number> {
  let removed = 0
  try {
    const removable = await ctx.stores.housekeeping.listRemovable(OBJECTS_MAX)
    for (let at = 0; at < removable.length && !stopRequested(); at += OBJECTS_AT_ONCE) {
      const batch = removable.slice(at, at + OBJECTS_AT_ONCE)
      const outcomes = await Promise.allSettled(batch.map(({ mediaKey }) => ctx.objects.remove(mediaKey)))
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed !== undefined) ctx.activity.followUpFailed('remove objects', failed.reason)
      const gone = batch.filter((_, i) => outcomes[i]?.status === 'fulfilled')
      // A store that takes none of them is away: the next round tries again.
      if (gone.length === 0) break
      const urlIsDead = (createdAt: Date) =>
        createdAt.getTime() + ctx.config.uploadUrlTtlSeconds * 1000 + SKEW_MS < now.getTime()
      const final = gone.filter(({ createdAt }) => urlIsDead(createdAt)).map(({ mediaKey }) => mediaKey)
      if (final.length > 0) await ctx.stores.housekeeping.dropUploads(final)
      removed += final.length
    }
  } catch (error) {
    ctx.activity.followUpFailed('remove objects', error)
  }
  return removed
}
