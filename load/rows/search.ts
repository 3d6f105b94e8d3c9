import type { Bench } from '../support/bench'
import { captureStatements, explain, planOf } from '../support/explain'
import { getter, interleave } from '../support/interleave'
import { compare, describeLatency, type Round } from '../support/latency'
import { plotSizes, worldOf } from '../support/plot-sizes'
import type { Plan, RowResult } from '../support/result'
import { round } from '../support/stats'
import { createStories, personId } from '../support/world'

const TURNS = Number(process.env.BENCH_TURNS ?? 100)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const LARGE = Number(process.env.BENCH_STORIES ?? 1_000_000)
const BOUND_RARE = 1.5
const BOUND_COMMON = 10
/** In one story of 10,000, in one of sixty, in six of ten. */
const WORDS = { rare: 'aurora', usual: 'harbour', common: 'sunset' } as const

type Word = keyof typeof WORDS
const SIZES = { small: 10_000, middle: 100_000, large: LARGE } as const
type Size = keyof typeof SIZES
type Arm = `${Word} ${Size}`

/** Row 10: search over 10,000, 100,000 and 1,000,000 stories in turn, with words of three frequencies. */
export async function measureSearch(bench: Bench): Promise<RowResult> {
  const get = getter(bench.tokenOf(personId(1)))
  const arms = {} as Record<Arm, () => Promise<unknown>>
  const apis = []
  for (const size of Object.keys(SIZES) as Size[]) {
    await createStories(bench, worldOf(SIZES[size]), SIZES[size])
    const api = await bench.startApi(worldOf(SIZES[size]))
    apis.push(api)
    for (const name of Object.keys(WORDS) as Word[])
      arms[`${name} ${size}`] = () => get(`${api.url}/search?q=${WORDS[name]}`)
  }
  const rounds: Round<Arm>[] = []
  for (let i = 0; i < ROUNDS; i++)
    rounds.push(await interleave(arms, { turns: TURNS, warmUpTurns: i === 0 ? 30 : 3 }))
  await Promise.all(apis.map((api) => api.stop()))
  const rare = compare(rounds, 'rare large', 'rare small')
  const usual = compare(rounds, 'usual large', 'usual small')
  const common = compare(rounds, 'common large', 'common small')
  const plans: Plan[] = []
  for (const [name, word] of Object.entries(WORDS)) {
    const search = {
      viewerId: personId(1),
      q: word,
      now: new Date(),
      asOf: new Date(),
      after: null,
      limit: 21,
    }
    const sent = await captureStatements(bench.env(worldOf(LARGE)), (ctx) =>
      ctx.stores.search.findCandidates(search),
    )
    for (const [i, statement] of sent.entries()) {
      const { text } = await explain(bench.sql(worldOf(LARGE)), statement, { generic: true })
      const part = i === 0 ? 'how frequent it is' : 'its newest matches'
      plans.push(planOf(`Search for a ${name} word: ${part} (generic plan)`, statement, text))
    }
  }
  return {
    row: '10',
    work: `search over ${LARGE.toLocaleString('en')} stories: a rare word (1 in 10,000 stories), a usual one (1 in 60), a common one (6 in 10)`,
    yardstick: '10,000 stories, asked in turn',
    bound: `rare: p95 ≤ ${BOUND_RARE} ×; common: p95 < ${BOUND_COMMON} ×`,
    found: `p95: rare ${round(rare.p95)} ×, usual ${round(usual.p95)} ×, common ${round(common.p95)} ×`,
    reached: rare.p95 <= BOUND_RARE && usual.p95 < BOUND_COMMON && common.p95 < BOUND_COMMON,
    rounds: [
      `rare ${rare.perRound.join(', ')}`,
      `usual ${usual.perRound.join(', ')}`,
      `common ${common.perRound.join(', ')}`,
    ],
    absolute: (Object.keys(arms) as Arm[]).map((arm) => `${arm}: ${describeLatency(rounds, arm)}`),
    plans,
    plot: plotSizes(
      { file: 'search-by-size.svg', title: 'Search by number of stories' },
      rounds,
      Object.fromEntries(
        (Object.keys(WORDS) as Word[]).map((name) => [
          name,
          (Object.keys(SIZES) as Size[]).map((size) => ({
            size: SIZES[size],
            arm: `${name} ${size}` as Arm,
          })),
        ]),
      ),
    ),
  }
}
