import type { Bench } from '../support/bench'
import { captureStatements, explain, planOf } from '../support/explain'
import { getter, interleave } from '../support/interleave'
import { compare, describeLatency, type Round } from '../support/latency'
import type { Plan, RowResult } from '../support/result'
import { round } from '../support/stats'
import { createStories, LISTED_READER, LONELY_READER, personId, QUIET_READER } from '../support/world'

const TURNS = Number(process.env.BENCH_TURNS ?? 200)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const LARGE = Number(process.env.BENCH_STORIES ?? 1_000_000)
const DEEP_PAGES = 50
const BOUND_GROWTH = 1.3
const BOUND_WORST = 3

type Arm = 'small' | 'large' | 'quiet' | 'lonely' | 'listed' | 'deep'

/** Rows 2 and 3: the cold first page, asked of 10,000 and of 1,000,000 active stories in turn, and its worst viewers. */
export async function measureColdFeed(bench: Bench): Promise<RowResult[]> {
  await createStories(bench, 'stories_10k', 10_000)
  await createStories(bench, 'stories_1m', LARGE)
  await bench.flushRedis()
  const small = await bench.startApi('stories_10k', { FEED_CACHE_SECONDS: '0' })
  const large = await bench.startApi('stories_1m', { FEED_CACHE_SECONDS: '0' })
  const ask = async (url: string, reader: number) => {
    const get = getter(await bench.tokenOf(personId(reader)))
    return () => get(`${url}/feed`)
  }
  const usual = await bench.tokenOf(personId(1))
  const deepCursor = await walkTo(large.url, usual, DEEP_PAGES)
  const getDeep = getter(usual)
  const arms: Record<Arm, () => Promise<unknown>> = {
    small: await ask(small.url, 1),
    large: await ask(large.url, 1),
    quiet: await ask(large.url, QUIET_READER),
    lonely: await ask(large.url, LONELY_READER),
    listed: await ask(large.url, LISTED_READER),
    deep: () => getDeep(`${large.url}/feed?cursor=${encodeURIComponent(deepCursor)}`),
  }
  const rounds: Round<Arm>[] = []
  for (let i = 0; i < ROUNDS; i++)
    rounds.push(await interleave(arms, { turns: TURNS, warmUpTurns: i === 0 ? 60 : 5 }))
  await Promise.all([small.stop(), large.stop()])

  const growth = compare(rounds, 'large', 'small')
  const worst = (['quiet', 'lonely', 'listed', 'deep'] as const).map((arm) => ({
    arm,
    ...compare(rounds, arm, 'large'),
  }))
  const slowest = Math.max(...worst.map((item) => item.p95))
  const stories = LARGE.toLocaleString('en')
  return [
    {
      row: '2',
      work: `\`GET /feed\` cold (no page cache), viewer who follows 200, ${stories} active stories`,
      yardstick: 'the same with 10,000, asked in turn',
      bound: `p50 and p95 ≤ ${BOUND_GROWTH} ×`,
      found: `p50 ${round(growth.p50)} ×, p95 ${round(growth.p95)} ×`,
      reached: growth.p50 <= BOUND_GROWTH && growth.p95 <= BOUND_GROWTH,
      rounds: growth.perRound,
      absolute: [
        `10,000: ${describeLatency(rounds, 'small')}`,
        `${stories}: ${describeLatency(rounds, 'large')}`,
      ],
      plans: await plansOf(bench),
    },
    {
      row: '3',
      work: 'the same for the worst viewers: follows 2,000 who rarely post; follows nobody; in 1,000 audiences; 50 pages deep',
      yardstick: 'viewer of row 2',
      bound: `p95 ≤ ${BOUND_WORST} ×`,
      found: worst.map((item) => `${NAMES[item.arm]} ${round(item.p95)} ×`).join(', '),
      reached: slowest <= BOUND_WORST,
      rounds: worst.map((item) => `${NAMES[item.arm]}: ${item.perRound.join(', ')}`),
      absolute: worst.map((item) => `${NAMES[item.arm]}: ${describeLatency(rounds, item.arm)}`),
    },
  ]
}

const NAMES = {
  quiet: 'follows 2,000 quiet people',
  lonely: 'follows nobody',
  listed: 'in 1,000 audiences',
  deep: 'page 50',
} as const

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

async function plansOf(bench: Bench): Promise<Plan[]> {
  const env = { ...bench.env('stories_1m'), FEED_CACHE_SECONDS: '0' }
  const statements = await captureStatements(env, async (ctx) => {
    const rows = await ctx.stores.feed.listSkeleton(personId(1), new Date(), null, 21)
    await ctx.stores.stories.findStories(
      personId(1),
      rows.slice(0, 20).map((row) => row.id),
    )
  })
  const [walk, hydrate] = statements
  if (walk === undefined || hydrate === undefined) throw new Error('The feed sends two statements')
  const sql = bench.sql('stories_1m')
  return [
    planOf('Feed: the walk (generic plan)', walk, (await explain(sql, walk, { generic: true })).text),
    planOf(
      'Feed: hydration of 20 (generic plan)',
      hydrate,
      (await explain(sql, hydrate, { generic: true })).text,
    ),
  ]
}
