import type { Bench } from '../support/bench'
import { explainEach } from '../support/explain'
import { getter, interleave } from '../support/interleave'
import { compare, describeLatency, type Round } from '../support/latency'
import { plotSizes, worldOf } from '../support/plot-sizes'
import type { Plan, RowResult } from '../support/result'
import { round } from '../support/stats'
import { createStories, personId } from '../support/world'

const TURNS = Number(process.env.BENCH_TURNS ?? 200)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const LARGE = Number(process.env.BENCH_STORIES ?? 1_000_000)
const SIZES = { small: 10_000, middle: 100_000, large: LARGE } as const
const BOUND = 1.3

type Arm = keyof typeof SIZES

/** Row 2: the cold first page, asked of 10,000, of 100,000 and of 1,000,000 active stories in turn. */
export async function measureColdFeed(bench: Bench): Promise<RowResult> {
  const get = getter(bench.tokenOf(personId(1)))
  const arms = {} as Record<Arm, () => Promise<unknown>>
  const apis = []
  for (const arm of Object.keys(SIZES) as Arm[]) {
    const world = worldOf(SIZES[arm])
    await createStories(bench, world, SIZES[arm])
    const api = await bench.startApi(world, { FEED_CACHE_SECONDS: '0' })
    apis.push(api)
    arms[arm] = () => get(`${api.url}/feed`)
  }
  await bench.flushRedis()
  const rounds: Round<Arm>[] = []
  for (let i = 0; i < ROUNDS; i++) {
    rounds.push(await interleave(arms, { turns: TURNS, warmUpTurns: i === 0 ? 60 : 5 }))
    bench.log(
      `large ${describeLatency(rounds.slice(-1), 'large')}, small ${describeLatency(rounds.slice(-1), 'small')}`,
    )
  }
  await Promise.all(apis.map((api) => api.stop()))
  const growth = compare(rounds, 'large', 'small')
  const points = (Object.keys(SIZES) as Arm[]).map((arm) => ({ size: SIZES[arm], arm }))
  return {
    row: '2',
    work: `\`GET /feed\` cold (no page cache), viewer who follows 200, ${LARGE.toLocaleString('en')} active stories`,
    yardstick: 'the same with 10,000, asked in turn',
    bound: `p50 and p95 ≤ ${BOUND} ×`,
    found: `p50 ${round(growth.p50)} ×, p95 ${round(growth.p95)} ×`,
    reached: growth.p50 <= BOUND && growth.p95 <= BOUND,
    rounds: growth.perRound,
    absolute: points.map(({ size, arm }) => `${size.toLocaleString('en')}: ${describeLatency(rounds, arm)}`),
    plans: await plansOf(bench, worldOf(LARGE)),
    plot: plotSizes({ file: 'feed-by-size.svg', title: 'Cold feed by number of stories' }, rounds, {
      '': points,
    }),
  }
}

const plansOf = (bench: Bench, world: string): Promise<Plan[]> =>
  explainEach(bench, world, ['Feed: the walk', 'Feed: hydration of 20'], async (ctx) => {
    const rows = await ctx.stores.feed.listSkeleton(personId(1), new Date(), null, 21)
    const page = rows.slice(0, 20).map((row) => row.id)
    await ctx.stores.stories.findStories(personId(1), page)
  })
