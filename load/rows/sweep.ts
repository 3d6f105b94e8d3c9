import type { Bench } from '../support/bench'
import { captureStatements, explain, planOf } from '../support/explain'
import type { Plan, RowResult } from '../support/result'
import { median, round } from '../support/stats'
import { runWorkerOnce } from '../support/worker'
import { createStories } from '../support/world'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const DUE = Number(process.env.BENCH_STORIES ?? 1_000_000)
const BOUND = 0.5
/** Due stories beside ten thousand active ones; every round works on a copy of it. */
export const SWEEP_WORLD = 'stories_due'
const COPY = 'stories_sweep'

export async function createSweepWorld(bench: Bench): Promise<void> {
  await createStories(bench, 'stories_10k', 10_000)
  await createStories(bench, SWEEP_WORLD, DUE, { hoursAgo: 24, onTopOf: 'stories_10k' })
}

/** Row 9: the worker's sweep over a million due stories, beside one plain UPDATE of the same rows on another copy. */
export async function measureSweep(bench: Bench): Promise<RowResult> {
  await createSweepWorld(bench)
  const plans = await plansOf(bench)
  const arms = {
    worker: async () => {
      const { count, sweepMs, processMs } = await runWorkerOnce(bench, COPY)
      return { count, ms: sweepMs, processMs }
    },
    plain: async () => {
      const sql = bench.sql(COPY)
      await sql`select 1`
      const startedMs = performance.now()
      const { count } =
        await sql`update stories set deleted_at = now() where deleted_at is null and expires_at <= now()`
      const ms = performance.now() - startedMs
      return { count, ms, processMs: ms }
    },
  }
  const rounds: { worker: number; plain: number; processMs: number }[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const found = { worker: 0, plain: 0, processMs: 0 }
    for (const arm of i % 2 === 0 ? (['worker', 'plain'] as const) : (['plain', 'worker'] as const)) {
      await bench.dropDatabase(COPY)
      await bench.createDatabase(COPY, SWEEP_WORLD)
      const { count, ms, processMs } = await arms[arm]()
      if (count < DUE) throw new Error(`${arm} ended ${count} of ${DUE} stories`)
      found[arm] = (count / ms) * 1000
      if (arm === 'worker') found.processMs = processMs
    }
    rounds.push(found)
    bench.log(`worker ${round(found.worker, 0)}/s, one UPDATE ${round(found.plain, 0)}/s`)
  }
  await bench.dropDatabase(COPY)
  const ratio = median(rounds.map((item) => item.worker / item.plain))
  return {
    row: '9',
    work: `worker alone: ${DUE.toLocaleString('en')} due stories, in batches of 1,000`,
    yardstick: 'one plain `UPDATE` of the same rows, on another copy of the database',
    bound: `≥ ${BOUND} of its rows/s`,
    found: `${round(ratio)} ×`,
    reached: ratio >= BOUND,
    rounds: rounds.map((item) => `${round(item.worker / item.plain)} ×`),
    absolute: [
      `${round(median(rounds.map((item) => item.worker)), 0)} of ${round(median(rounds.map((item) => item.plain)), 0)} rows/s`,
      `the whole process, with start and housekeeping: ${round(median(rounds.map((item) => item.processMs)) / 1000, 1)} s`,
    ],
    plans,
  }
}

async function plansOf(bench: Bench): Promise<Plan[]> {
  const [middle] = await bench.sql(SWEEP_WORLD)<{ at: string }[]>`
    select percentile_disc(0.5) within group (order by expires_at)::text as at from stories where expires_at <= now()`
  // Captured at a moment when nothing is due; then explained at the present one, and rolled back.
  const longAgo = new Date(0)
  const [batch] = await captureStatements(bench.env(SWEEP_WORLD), (ctx) =>
    ctx.stores.expiry.expireBatch(longAgo, null, ctx.config.workerBatchSize),
  )
  if (batch === undefined) throw new Error('A sweep sends a statement')
  const now = new Date().toISOString()
  const params = batch.params.map((value) =>
    value === longAgo.toISOString() ? now : value === '-infinity' ? middle?.at : value,
  )
  const { text } = await explain(bench.sql(SWEEP_WORLD), { ...batch, params }, { generic: true })
  return [planOf('The sweep: a batch from the middle of what is due (generic plan)', batch, text)]
}
