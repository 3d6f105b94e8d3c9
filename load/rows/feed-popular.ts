import type { Bench } from '../support/bench'
import { explainEach } from '../support/explain'
import { getter, interleave } from '../support/interleave'
import { compare, describeLatency, type Round } from '../support/latency'
import type { RowResult } from '../support/result'
import { round } from '../support/stats'
import { createStories, personId } from '../support/world'

const TURNS = Number(process.env.BENCH_TURNS ?? 200)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const VIEWS = Number(process.env.BENCH_VIEWS ?? 1_000_000)
const REACTIONS = VIEWS / 5
const BOUND = 1.2

/** Row 6: the page with a story that a million people have seen, beside the same page in a world where nobody has. */
export async function measurePopularStory(bench: Bench): Promise<RowResult> {
  await createStories(bench, 'stories_10k', 10_000)
  await bench.dropDatabase('stories_popular')
  await bench.createDatabase('stories_popular', 'stories_10k')
  const sql = bench.sql('stories_popular')
  const [popular] = await sql<{ id: string }[]>`
    select id from stories where visibility = 'public' order by created_at desc limit 1`
  bench.log(`${VIEWS} views on one story`)
  // Strangers' rows need no people behind them; the counters are the triggers' own.
  await sql.unsafe('alter table story_views disable trigger all; alter table reactions disable trigger all')
  await sql.unsafe(
    'alter table story_views enable trigger views_added; alter table reactions enable trigger reactions_added',
  )
  for (let from = 0; from < VIEWS; from += 100_000) {
    await sql.unsafe(`insert into story_views (story_id, viewer_id, viewed_at)
      select '${popular?.id}', md5('stranger ' || n)::uuid, now() from generate_series(${from}, ${Math.min(VIEWS, from + 100_000) - 1}) n`)
  }
  for (let from = 0; from < REACTIONS; from += 100_000) {
    await sql.unsafe(`insert into reactions (story_id, user_id, emoji)
      select '${popular?.id}', md5('stranger ' || n)::uuid, '🔥' from generate_series(${from}, ${Math.min(REACTIONS, from + 100_000) - 1}) n`)
  }
  await sql.unsafe('alter table story_views enable trigger all; alter table reactions enable trigger all')
  for (const table of ['story_views', 'reactions', 'story_counters'])
    await sql.unsafe(`vacuum analyze ${table}`)

  const plain = await bench.startApi('stories_10k', { FEED_CACHE_SECONDS: '0' })
  const busy = await bench.startApi('stories_popular', { FEED_CACHE_SECONDS: '0' })
  const get = getter(bench.tokenOf(personId(1)))
  const page = JSON.parse(Buffer.from(await get(`${busy.url}/feed`)).toString()) as {
    items: { counters: { views: number } }[]
  }
  if (page.items[0]?.counters.views !== VIEWS) throw new Error('The popular story is not on the page')
  type Arm = 'plain' | 'busy'
  const rounds: Round<Arm>[] = []
  for (let i = 0; i < ROUNDS; i++) {
    rounds.push(
      await interleave<Arm>(
        { plain: () => get(`${plain.url}/feed`), busy: () => get(`${busy.url}/feed`) },
        { turns: TURNS, warmUpTurns: i === 0 ? 60 : 5 },
      ),
    )
  }
  await Promise.all([plain.stop(), busy.stop()])
  const growth = compare(rounds, 'busy', 'plain')
  return {
    row: '6',
    work: `feed with a story of ${VIEWS.toLocaleString('en')} views and ${REACTIONS.toLocaleString('en')} reactions on the page`,
    yardstick: 'the same page with new stories, asked in turn',
    bound: `p95 ≤ ${BOUND} ×`,
    found: `p50 ${round(growth.p50)} ×, p95 ${round(growth.p95)} ×`,
    reached: growth.p95 <= BOUND,
    rounds: growth.perRound,
    absolute: [`new: ${describeLatency(rounds, 'plain')}`, `popular: ${describeLatency(rounds, 'busy')}`],
    plans: await explainEach(
      bench,
      'stories_popular',
      ['Feed: the walk, a popular story on the page', 'Feed: hydration of 20, one of them seen by a million'],
      async (ctx) => {
        const rows = await ctx.stores.feed.listSkeleton(personId(1), new Date(), null, 21)
        const ids = rows.slice(0, 20).map((row) => row.id)
        await ctx.stores.stories.findStories(personId(1), ids)
      },
    ),
  }
}
