import type { AppContext } from '../../context'
import { monotonicMs, startOfUtcDay } from '../../kernel/clock'
import { createObjectRemoval } from './remove-objects'
import { type Chore, type Piece, shareTime } from './share-time'

type Deps = Pick<AppContext, 'clock' | 'config' | 'stores' | 'objects' | 'activity'>

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const BATCH = 1000
const STORIES_BATCH = 100
/** The other half is for the sweep, which waits for the end of a round. */
const BUDGET_SHARE = 0.5
const STATS_DAYS_KEPT = 8
/** Events are promised for 24 h; the margin is for clients that come back at the last moment. */
const EVENTS_KEPT_MS = 25 * HOUR_MS
const KEYS_KEPT_MS = DAY_MS
const UNCLAIMED_KEPT_MS = DAY_MS

export type CleanUp = Readonly<Record<string, number>>

/** Kinds that fall due by the day, with the day for which all of them are gone: the last look reads a whole table. */
export type DaysDone = Map<string, string>

/**
 * One round of housekeeping, in short statements: what is past its time goes, and objects that no story has. What fails,
 * and what half the interval between two sweeps is not enough for, is for the next round.
 *
 * @param daysDone kept from round to round
 */
export async function cleanUp(
  ctx: Deps,
  stopRequested: () => boolean = () => false,
  daysDone: DaysDone = new Map(),
): Promise<CleanUp> {
  const startedMs = monotonicMs()
  const now = ctx.clock.now()
  const ago = (ms: number) => new Date(now.getTime() - ms)
  const firstDayKept = startOfUtcDay(now, STATS_DAYS_KEPT).toISOString().slice(0, 10)
  const { housekeeping, events } = ctx.stores
  const dropBy = (kind: string, batch: () => Promise<number>): Chore => ({
    kind,
    async doPiece() {
      const removed = await batch()
      return { removed, isMore: removed === BATCH }
    },
  })

  const dropDaily = (kind: string, batch: () => Promise<number>): Chore => ({
    kind,
    async doPiece() {
      if (daysDone.get(kind) === firstDayKept) return { removed: 0, isMore: false }
      const removed = await batch()
      if (removed < BATCH) daysDone.set(kind, firstDayKept)
      return { removed, isMore: removed === BATCH }
    },
  })

  const chores: Chore[] = [
    dropBy('events', () => events.dropBefore(ago(EVENTS_KEPT_MS), BATCH)),
    dropBy('idempotency_keys', () => housekeeping.dropIdempotencyKeys(ago(KEYS_KEPT_MS), BATCH)),
    dropBy('refresh_tokens', () => housekeeping.dropRefreshTokens(now, BATCH)),
    dropDaily('author_days', () => housekeeping.dropDays(firstDayKept, BATCH)),
    dropDaily('author_viewers', () => housekeeping.dropAuthorViewers(firstDayKept, BATCH)),
    dropBy('unclaimed_uploads', () => housekeeping.giveUpUnclaimed(ago(UNCLAIMED_KEPT_MS), BATCH)),
    { kind: 'stories', doPiece: () => dropRetired(ctx, ago(ctx.config.retentionDays * DAY_MS)) },
    { kind: 'objects', doPiece: createObjectRemoval(ctx, now, stopRequested) },
  ]
  const removed = await shareTime(chores, {
    budgetMs: ctx.config.workerIntervalSeconds * 1000 * BUDGET_SHARE,
    stopRequested,
    onFailed: (kind, error) => ctx.activity.followUpFailed(`drop ${kind}`, error),
  })
  ctx.activity.housekeeping(removed, monotonicMs() - startedMs)
  return removed
}

/** Stories go after their views and reactions, of which one piece takes a batch each. */
async function dropRetired(ctx: Deps, endedBefore: Date): Promise<Piece> {
  const { housekeeping } = ctx.stores
  const ids = await housekeeping.listRetired(endedBefore, STORIES_BATCH)
  if (ids.length === 0) return { removed: 0, isMore: false }
  if ((await housekeeping.dropViewsOf(ids, BATCH)) === BATCH) return { removed: 0, isMore: true }
  if ((await housekeeping.dropReactionsOf(ids, BATCH)) === BATCH) return { removed: 0, isMore: true }
  return { removed: await housekeeping.dropStories(ids), isMore: ids.length === STORIES_BATCH }
}
