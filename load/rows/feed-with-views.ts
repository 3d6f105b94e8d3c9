import { join } from 'node:path'
import type { Bench } from '../support/bench'
import type { RowResult } from '../support/result'
import { median, round } from '../support/stats'
import { createStories, personId, READERS } from '../support/world'
import { runWrk } from '../support/wrk'

const CONNECTIONS = 32
const SECONDS = Number(process.env.BENCH_SECONDS ?? 6)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const FEEDS_PER_VIEW = 5
/** More than the fastest run posts in all its rounds: a list that begins anew repeats views, which cost much less. */
const VIEWS_PER_SECOND = 5000
const VIEWS = VIEWS_PER_SECOND * SECONDS * ROUNDS
/** Its code is compiled by then, as that of a process that has served for hours. */
const WARM_UP_SECONDS = 16
const BOUND = 0.3

/** Row 1b: as row 1, with one first view for every five feeds, by the same people, as they do who go through the stories on it. */
export async function measureFeedWithViews(bench: Bench): Promise<RowResult> {
  await createStories(bench, 'stories_10k', 10_000)
  await bench.flushRedis()
  const sql = bench.sql('stories_10k')
  await sql`truncate story_views, story_counters, author_viewers, author_days, events`
  const api = await bench.startApi('stories_10k', { FEED_CACHE_SECONDS: '60' })
  const tokens = Array.from({ length: READERS }, (_, i) => bench.tokenOf(personId(i + 1)))
  const stories = await sql<{ id: string }[]>`select id from stories where visibility = 'public' limit 5000`
  const warmFile = join(bench.tempDir, 'feed-warm.txt')
  await Bun.write(warmFile, tokens.map((token) => `GET /feed ${token}\n`).join(''))

  // Each pair of person and story comes once, so that every view is a first one.
  const lines: string[] = []
  for (let view = 0; view < VIEWS; view++) {
    const turn = Math.floor(view / READERS)
    for (let i = 0; i < FEEDS_PER_VIEW; i++)
      lines.push(`GET /feed ${tokens[(view * FEEDS_PER_VIEW + i) % READERS]}\n`)
    const story = stories[(turn * 37 + (view % READERS)) % stories.length]?.id
    lines.push(`POST /stories/${story}/view ${tokens[view % READERS]}\n`)
  }
  const share = Math.floor(lines.length / ROUNDS)
  const run = (requestsFile: string, seconds = SECONDS) =>
    runWrk({ url: api.url, connections: CONNECTIONS, seconds, requestsFile })
  await run(warmFile, WARM_UP_SECONDS)
  const rounds: { warm: number; mixed: number }[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const mixedFile = join(bench.tempDir, `feed-mixed-${i}.txt`)
    await Bun.write(mixedFile, lines.slice(i * share, (i + 1) * share).join(''))
    const mixed = await run(mixedFile)
    const warm = await run(warmFile)
    rounds.push({ warm: warm.requestsPerSecond, mixed: mixed.requestsPerSecond })
    bench.log(`warm ${round(warm.requestsPerSecond, 0)}/s, with views ${round(mixed.requestsPerSecond, 0)}/s`)
  }
  await api.stop()
  const ratio = median(rounds.map((item) => item.mixed / item.warm))
  return {
    row: '1b',
    work: 'row 1 with one first view posted for every five feeds by the same people',
    yardstick: 'row 1, measured in turn',
    bound: `≥ ${BOUND} of its requests/s`,
    found: `${round(ratio)} ×`,
    reached: ratio >= BOUND,
    rounds: rounds.map((item) => `${round(item.mixed / item.warm)} ×`),
    absolute: [
      `${round(median(rounds.map((item) => item.mixed)), 0)} of ${round(median(rounds.map((item) => item.warm)), 0)} requests/s`,
    ],
  }
}
