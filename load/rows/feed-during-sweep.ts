import type { Bench } from '../support/bench'
import { compare, describeLatency, type Round } from '../support/latency'
import { type LockWaits, watchLocks } from '../support/lock-watch'
import type { RowResult } from '../support/result'
import { round } from '../support/stats'
import { sendSteadily } from '../support/steady'
import { runWorkerOnce } from '../support/worker'
import { personId, READERS } from '../support/world'
import { createSweepWorld, SWEEP_WORLD } from './sweep'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const REST_SECONDS = Number(process.env.BENCH_SECONDS ?? 10)
const RATE = 40
const FEEDS_PER_VIEW = 5
const COPY = 'stories_swept'
const BOUND = 2

type Arm = 'rest' | 'sweep'

/** Row 9b: feeds and views at a steady rate, at rest and while the worker ends a million stories. */
export async function measureFeedDuringSweep(bench: Bench): Promise<RowResult> {
  await createSweepWorld(bench)
  const tokens = Array.from({ length: READERS }, (_, i) => bench.tokenOf(personId(i + 1)))
  const rounds: Round<Arm>[] = []
  const waits: LockWaits[] = []
  const sweeps: number[] = []
  let failed = 0
  for (let i = 0; i < ROUNDS; i++) {
    await bench.dropDatabase(COPY)
    await bench.createDatabase(COPY, SWEEP_WORLD)
    await bench.flushRedis()
    const api = await bench.startApi(COPY, { FEED_CACHE_SECONDS: '0' })
    const send = await reader(bench, api.url, tokens)
    await sendSteadily(RATE, send, Bun.sleep(3000))
    const rest = await sendSteadily(RATE, send, Bun.sleep(REST_SECONDS * 1000))
    const watch = watchLocks(bench.databaseUrl(COPY))
    const sweeping = runWorkerOnce(bench, COPY)
    const during = await sendSteadily(RATE, send, sweeping)
    waits.push(await watch.stop())
    const { count, sweepMs } = await sweeping
    sweeps.push(sweepMs)
    failed += (rest.failed?.length ?? 0) + (during.failed?.length ?? 0)
    await api.stop()
    rounds.push({ rest: rest.feed ?? [], sweep: during.feed ?? [] })
    bench.log(
      `${count} ended in ${round(sweepMs / 1000, 1)} s: p95 ${compare(rounds, 'sweep', 'rest').perRound.at(-1)}`,
    )
  }
  await bench.dropDatabase(COPY)
  const growth = compare(rounds, 'sweep', 'rest')
  const behind = waits.flatMap((item) => item.behindWorker)
  const samples = waits.reduce((sum, item) => sum + item.samples, 0)
  return {
    row: '9b',
    work: `cold feeds, ${RATE} requests/s with one first view in ${FEEDS_PER_VIEW + 1}, while that sweep runs`,
    yardstick: 'the same load at rest',
    bound: `p95 ≤ ${BOUND} ×; no request waits for a lock of the sweep`,
    found: `p50 ${round(growth.p50)} ×, p95 ${round(growth.p95)} ×; ${behind.length} waits in ${samples} looks`,
    reached: growth.p95 <= BOUND && behind.length === 0 && failed === 0,
    rounds: growth.perRound,
    absolute: [
      `at rest: ${describeLatency(rounds, 'rest')}`,
      `during the sweep: ${describeLatency(rounds, 'sweep')}`,
      `the sweep beside this load took ${sweeps.map((ms) => `${round(ms / 1000, 1)} s`).join(', ')}`,
      `requests not answered with 200: ${failed}`,
      `sessions seen waiting for any lock: ${waits.reduce((sum, item) => sum + item.seen, 0)}`,
      ...[...new Set(behind)].slice(0, 5),
    ],
  }
}

/** Feeds of many readers in turn, and every sixth time a first view of an active story. */
async function reader(bench: Bench, url: string, tokens: readonly string[]) {
  const sql = bench.sql(COPY)
  const stories = await sql<{ id: string }[]>`
    select id from stories where visibility = 'public' and expires_at > now() + interval '10 minutes'
    order by md5(id::text) limit 5000`
  let sent = 0
  return async (): Promise<'feed' | 'view' | 'failed'> => {
    const turn = sent++
    const isFeed = turn % (FEEDS_PER_VIEW + 1) !== FEEDS_PER_VIEW
    const path = isFeed ? '/feed' : `/stories/${stories[turn % stories.length]?.id}/view`
    const answer = await fetch(url + path, {
      method: isFeed ? 'GET' : 'POST',
      headers: { Authorization: `Bearer ${tokens[turn % tokens.length]}` },
    })
    await answer.arrayBuffer()
    if (answer.status !== 200) return 'failed'
    return isFeed ? 'feed' : 'view'
  }
}
