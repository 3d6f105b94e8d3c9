import type { AppContext } from '../../context'
import { monotonicMs } from '../../kernel/clock'

type Deps = Pick<AppContext, 'clock' | 'config' | 'stores' | 'activity' | 'metrics'>

export type Sweep = Readonly<{ count: number; durationMs: number }>

/**
 * One sweep: ends all stories that are due, in short batches, and writes one `story_expired` line, also for none
 * and when it fails.
 *
 * @param stopRequested asked between batches; what was done until then is reported
 */
export async function expireStories(ctx: Deps, stopRequested: () => boolean = () => false): Promise<Sweep> {
  const startedMs = monotonicMs()
  const now = ctx.clock.now()
  let count = 0
  let last: string | null = null
  try {
    const oldest = await ctx.stores.expiry.oldestDue(now)
    ctx.metrics.expiryLag.set(oldest === null ? 0 : (now.getTime() - oldest.getTime()) / 1000)
    while (oldest !== null) {
      const batch = await ctx.stores.expiry.expireBatch(now, last, ctx.config.workerBatchSize)
      count += batch.count
      last = batch.lastExpiresAt ?? last
      const isFull = batch.count >= ctx.config.workerBatchSize
      // Told at once: what a worker that is killed has ended and nobody heard of is one batch at most.
      ctx.activity.storiesEnded(batch.count, isFull ? count : null)
      if (!isFull || stopRequested()) break
    }
  } finally {
    ctx.activity.storiesExpired(count, monotonicMs() - startedMs)
  }
  return { count, durationMs: monotonicMs() - startedMs }
}
