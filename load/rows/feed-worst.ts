import type { Bench } from '../support/bench'
import { explainEach } from '../support/explain'
import { getter, interleave } from '../support/interleave'
import { compare, describeLatency, type Round } from '../support/latency'
import { worldOf } from '../support/plot-sizes'
import type { RowResult } from '../support/result'
import { round } from '../support/stats'
import { createStories, LISTED_READER, LONELY_READER, personId, QUIET_READER } from '../support/world'

const TURNS = Number(process.env.BENCH_TURNS ?? 150)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const LARGE = Number(process.env.BENCH_STORIES ?? 1_000_000)
const HIDDEN = Math.min(LARGE, 300_000)
const HIDDEN_WORLD = 'stories_hidden'
const DEEP_PAGES = 50
const BOUND = 3
const USUAL_READER = 1

const WORST = {
  quiet: 'follows 2,000 quiet people',
  lonely: 'follows nobody',
  listed: 'in 1,000 audiences',
  deep: 'page 50',
} as const
/** Beyond the row: a world in which the walk through the newest stories finds nothing for anybody. */
const HIDDEN_WORST = {
  hiddenUsual: 'follows 200',
  hiddenQuiet: 'follows 2,000 quiet people',
  hiddenLonely: 'follows nobody',
} as const

type Arm = 'usual' | keyof typeof WORST | keyof typeof HIDDEN_WORST

/** Row 3: the cold first page of those for whom it is dearest, asked in turn with the viewer of row 2. */
export async function measureWorstFeeds(bench: Bench): Promise<RowResult> {
  const world = worldOf(LARGE)
  await createStories(bench, world, LARGE)
  await createStories(bench, HIDDEN_WORLD, HIDDEN, { isHidden: true })
  await bench.flushRedis()
  const large = await bench.startApi(world, { FEED_CACHE_SECONDS: '0' })
  const hidden = await bench.startApi(HIDDEN_WORLD, { FEED_CACHE_SECONDS: '0' })
  const ask = (url: string, reader: number, query = '') => {
    const get = getter(bench.tokenOf(personId(reader)))
    return () => get(`${url}/feed${query}`)
  }
  const deepCursor = await walkTo(large.url, bench.tokenOf(personId(USUAL_READER)), DEEP_PAGES)
  const arms: Record<Arm, () => Promise<unknown>> = {
    usual: ask(large.url, USUAL_READER),
    quiet: ask(large.url, QUIET_READER),
    lonely: ask(large.url, LONELY_READER),
    listed: ask(large.url, LISTED_READER),
    deep: ask(large.url, USUAL_READER, `?cursor=${encodeURIComponent(deepCursor)}`),
    hiddenUsual: ask(hidden.url, USUAL_READER),
    hiddenQuiet: ask(hidden.url, QUIET_READER),
    hiddenLonely: ask(hidden.url, LONELY_READER),
  }
  const rounds: Round<Arm>[] = []
  for (let i = 0; i < ROUNDS; i++) {
    rounds.push(await interleave(arms, { turns: TURNS, warmUpTurns: i === 0 ? 60 : 5 }))
    bench.log(`usual ${describeLatency(rounds.slice(-1), 'usual')}`)
  }
  await Promise.all([large.stop(), hidden.stop()])
  const against = <Name extends keyof typeof WORST | keyof typeof HIDDEN_WORST>(
    names: Record<Name, string>,
  ) =>
    (Object.entries(names) as [Name, string][]).map(([arm, name]) => ({
      name,
      latency: describeLatency(rounds, arm),
      ...compare(rounds, arm, 'usual'),
    }))
  const worst = against(WORST)
  const beyond = against(HIDDEN_WORST)
  const stories = HIDDEN.toLocaleString('en')
  return {
    row: '3',
    work: 'the same for the worst viewers: follows 2,000 who rarely post; follows nobody; in 1,000 audiences; 50 pages deep',
    yardstick: 'viewer of row 2',
    bound: `p95 ≤ ${BOUND} ×`,
    found: worst.map((item) => `${item.name} ${round(item.p95)} ×`).join(', '),
    reached: Math.max(...worst.map((item) => item.p95)) <= BOUND,
    rounds: worst.map((item) => `${item.name}: ${item.perRound.join(', ')}`),
    absolute: [
      `viewer of row 2: ${describeLatency(rounds, 'usual')}`,
      ...worst.map((item) => `${item.name}: ${item.latency}`),
    ],
    notes: beyond.map(
      (item) =>
        `beyond the row, where of ${stories} stories next to none is public, ${item.name}: p50 ${round(item.p50)} ×, p95 ${round(item.p95)} × (${item.latency})`,
    ),
    plans: await explainEach(
      bench,
      HIDDEN_WORLD,
      ['Feed: the walk that finds nothing', 'Feed: the branches behind it, follows 200'],
      (ctx) => ctx.stores.feed.listSkeleton(personId(USUAL_READER), new Date(), null, 21),
    ),
  }
}

async function walkTo(url: string, token: string, pages: number): Promise<string> {
  let cursor = ''
  for (let i = 0; i < pages; i++) {
    const bytes = await getter(token)(
      `${url}/feed${cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`}`,
    )
    cursor = (JSON.parse(Buffer.from(bytes).toString()) as { next_cursor: string }).next_cursor
  }
  return cursor
}
