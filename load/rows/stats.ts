import { encodeTimeKey } from '../../src/kernel/cursor'
import type { Bench } from '../support/bench'
import { captureStatements, explain, planOf } from '../support/explain'
import { getter, interleave } from '../support/interleave'
import { compare, describeLatency, p95, type Round } from '../support/latency'
import type { Plan, RowResult } from '../support/result'
import { round } from '../support/stats'
import { addAuthor, type BusyAuthor } from '../support/viewed-author'
import { createPeople } from '../support/world'

const TURNS = Number(process.env.BENCH_TURNS ?? 200)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const VIEWS = Number(process.env.BENCH_VIEWS ?? 1_000_000)
const FEW = 1000
const BOUND_GROWTH = 1.5
const BOUND_MS = 150
const PAGE = 20

type Arm = `${'stats' | 'viewers' | 'viewers half-way'} ${'small' | 'large'}`

/** Row 9c: what an author with a million views in the week waits for, beside one with a thousand in the same tables. */
export async function measureStats(bench: Bench): Promise<RowResult> {
  await createPeople(bench, 'people')
  await bench.dropDatabase('viewed')
  await bench.createDatabase('viewed', 'people')
  const sql = bench.sql('viewed')
  const large = await addAuthor(bench, sql, 'seen_by_many', VIEWS)
  const small = await addAuthor(bench, sql, 'seen_by_few', FEW)
  const api = await bench.startApi('viewed')
  const asks = async (author: BusyAuthor) => {
    const get = getter(bench.tokenOf(author.id))
    const halfWay = encodeTimeKey('viewers', author.halfWay)
    const path = `${api.url}/stories/${author.storyId}/viewers?limit=${PAGE}`
    return {
      stats: () => get(`${api.url}/me/stats`),
      viewers: () => get(path),
      deep: () => get(`${path}&cursor=${halfWay}`),
    }
  }
  const [few, many] = [await asks(small), await asks(large)]
  const stats = JSON.parse(Buffer.from(await many.stats()).toString()) as { views: number }
  if (stats.views !== VIEWS) throw new Error(`The week has ${stats.views} views instead of ${VIEWS}`)
  const rounds: Round<Arm>[] = []
  for (let i = 0; i < ROUNDS; i++)
    rounds.push(
      await interleave<Arm>(
        {
          'stats small': few.stats,
          'stats large': many.stats,
          'viewers small': few.viewers,
          'viewers large': many.viewers,
          'viewers half-way small': few.deep,
          'viewers half-way large': many.deep,
        },
        { turns: TURNS, warmUpTurns: i === 0 ? 60 : 5 },
      ),
    )
  await api.stop()
  const growths = (['stats', 'viewers', 'viewers half-way'] as const).map((name) => ({
    name,
    ...compare(rounds, `${name} large`, `${name} small`),
  }))
  const arms = Object.keys(rounds[0] ?? {}) as Arm[]
  const slowest = Math.max(
    ...arms.filter((arm) => arm.endsWith('large')).map((arm) => p95(rounds.flatMap((item) => item[arm]))),
  )
  return {
    row: '9c',
    work: `GET /me/stats and /viewers of an author with ${VIEWS.toLocaleString('en')} views in the week`,
    yardstick: `an author with ${FEW.toLocaleString('en')}, in the same tables, asked in turn`,
    bound: `p95 ≤ ${BOUND_GROWTH} × and < ${BOUND_MS} ms here`,
    found: `p95: ${growths.map((item) => `${item.name} ${round(item.p95)} ×`).join(', ')}; slowest ${round(slowest)} ms`,
    reached: growths.every((item) => item.p95 <= BOUND_GROWTH) && slowest < BOUND_MS,
    rounds: growths.map((item) => `${item.name} ${item.perRound.join(', ')}`),
    absolute: arms.map((arm) => `${arm}: ${describeLatency(rounds, arm)}`),
    notes: [
      'How it is bounded: the statistics are 16 rows a day at most, kept while views are written; a page of viewers is as many rows of an index in its order as it shows.',
    ],
    plans: await plansOf(bench, large),
  }
}

async function plansOf(bench: Bench, author: BusyAuthor): Promise<Plan[]> {
  const captured = await captureStatements(bench.env('viewed'), async ({ stores }) => {
    await stores.stats.sumDays(author.id, author.fromDay)
    await stores.stories.listViewers(author.storyId, author.id, author.halfWay, PAGE + 1)
  })
  const titles = ['The statistics of a week', 'A page of viewers']
  return Promise.all(
    captured.map(async (statement, i) => {
      const { text } = await explain(bench.sql('viewed'), statement, { generic: true })
      return planOf(`${titles[i]} (generic plan)`, statement, text)
    }),
  )
}
