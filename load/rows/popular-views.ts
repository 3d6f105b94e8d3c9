import { join } from 'node:path'
import type { Bench } from '../support/bench'
import type { RowResult } from '../support/result'
import { median, round } from '../support/stats'
import { createStories, PEOPLE, personId } from '../support/world'
import { runWrk } from '../support/wrk'

const CONNECTIONS = 32
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const SPREAD = 10_000
/** More than a run can use up: each pair of person and story comes once, so that every view is a first one. */
const VIEWERS = Math.min(PEOPLE, SECONDS * 16_000)
const WORLD = 'stories_views'
const BOUND = 0.8

/** Row 5: first views by many people over HTTP, all on one story, beside the same people's views on ten thousand. */
export async function measurePopularViews(bench: Bench): Promise<RowResult> {
  await createStories(bench, 'stories_20k', 2 * SPREAD)
  await bench.dropDatabase(WORLD)
  await bench.createDatabase(WORLD, 'stories_20k')
  await bench.flushRedis()
  const sql = bench.sql(WORLD)
  const stories = await sql<{ id: string }[]>`
    select id from stories where visibility = 'public' order by md5(id::text) limit ${SPREAD + ROUNDS + 1}`
  const popular = stories.splice(0, ROUNDS + 1)
  bench.log(`tokens for ${VIEWERS} people`)
  const tokens = Array.from({ length: VIEWERS }, (_, i) => bench.tokenOf(personId(i + 1)))
  const api = await bench.startApi(WORLD)
  const requestsFile = join(bench.tempDir, 'popular-views.txt')
  const run = async (storyOf: (viewer: number) => string | undefined, seconds = SECONDS) => {
    await Bun.write(
      requestsFile,
      tokens.map((token, i) => `POST /stories/${storyOf(i)}/view ${token}\n`).join(''),
    )
    const report = await runWrk({ url: api.url, connections: CONNECTIONS, seconds, requestsFile })
    if (report.requests > VIEWERS) throw new Error('There were fewer people than views')
    return report.requestsPerSecond
  }
  const one = (turn: number) => run(() => popular[turn]?.id)
  const spread = (turn: number) => run((viewer) => stories[(viewer + turn * 613) % SPREAD]?.id)

  // The same people in the same order come in every run, so that both arms know as many tokens from before.
  await spread(0)
  await one(0)
  const rounds: { one: number; spread: number }[] = []
  for (let turn = 1; turn <= ROUNDS; turn++) {
    const found = { one: 0, spread: 0 }
    for (const arm of turn % 2 === 0 ? (['one', 'spread'] as const) : (['spread', 'one'] as const))
      found[arm] = await (arm === 'one' ? one : spread)(turn)
    rounds.push(found)
    bench.log(`one story ${round(found.one, 0)}/s, spread ${round(found.spread, 0)}/s`)
  }
  await api.stop()
  const [counted] = await sql<{ n: string; seen: string }[]>`
    select (select sum(views) from story_counters)::text as n,
      (select count(*) from story_views v join stories s on s.id = v.story_id where s.author_id <> v.viewer_id)::text as seen`
  if (counted?.n !== counted?.seen) throw new Error(`${counted?.n} counted of ${counted?.seen} views`)
  const ratio = median(rounds.map((item) => item.one / item.spread))
  return {
    row: '5',
    work: `first views by different people, all on one story, wrk with ${CONNECTIONS} connections`,
    yardstick: `the same people's views spread over ${SPREAD.toLocaleString('en')} stories, in turn`,
    bound: `≥ ${BOUND} of its views/s`,
    found: `${round(ratio)} ×`,
    reached: ratio >= BOUND,
    rounds: rounds.map((item) => `${round(item.one / item.spread)} ×`),
    absolute: [
      `${round(median(rounds.map((item) => item.one)), 0)} of ${round(median(rounds.map((item) => item.spread)), 0)} views/s`,
      `${counted?.n} views counted, as many as there are`,
    ],
  }
}
