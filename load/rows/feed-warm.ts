import { join } from 'node:path'
import type { Bench } from '../support/bench'
import { type ApiProcess, startProcess } from '../support/processes'
import type { RowResult } from '../support/result'
import { median, round } from '../support/stats'
import { createStories, personId, READERS } from '../support/world'
import { runWrk } from '../support/wrk'

const CONNECTIONS = 32
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 11)
/** A process that has served for hours is measured, not one whose code is still being compiled. */
const WARM_UP_SECONDS = 16
const BOUND = 0.45

/**
 * Row 1: the warm first page over real sockets, beside Bun alone with a constant of the same size. Row 1w: the same by
 * two processes on one port (`WEB_CONCURRENCY=2`).
 */
export async function measureWarmFeed(bench: Bench): Promise<readonly RowResult[]> {
  await createStories(bench, 'stories_10k', 10_000)
  const requestsFile = join(bench.tempDir, 'feed-warm.txt')
  const tokens = Array.from({ length: READERS }, (_, i) => bench.tokenOf(personId(i + 1)))
  await Bun.write(requestsFile, tokens.map((token) => `GET /feed ${token}\n`).join(''))
  const results: RowResult[] = []
  for (const processes of [1, 2]) {
    await bench.flushRedis()
    const api = await bench.startApi('stories_10k', {
      FEED_CACHE_SECONDS: '60',
      WEB_CONCURRENCY: String(processes),
    })
    results.push(await compareWithBare(bench, { api, processes, requestsFile, token: tokens[0] ?? '' }))
    await api.stop()
  }
  return results
}

type Arm = Readonly<{ api: ApiProcess; processes: number; requestsFile: string; token: string }>

async function compareWithBare(bench: Bench, arm: Arm): Promise<RowResult> {
  const { api, processes, requestsFile, token } = arm
  const page = await fetch(`${api.url}/feed`, { headers: { Authorization: `Bearer ${token}` } })
  const bodyBytes = (await page.arrayBuffer()).byteLength
  const bare = await startProcess({
    command: [process.execPath, '--no-env-file', 'load/support/bare-server.ts'],
    env: { BODY_BYTES: String(bodyBytes) },
    logFile: join(bench.tempDir, 'bare.log'),
  })
  const run = (url: string, seconds = SECONDS) =>
    runWrk({ url, connections: CONNECTIONS, seconds, requestsFile })
  await run(api.url, WARM_UP_SECONDS)
  await run(bare.url, 2)
  const rounds: { feed: number; bare: number; p99Ms: number }[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const feed = await run(api.url)
    const constant = await run(bare.url)
    rounds.push({ feed: feed.requestsPerSecond, bare: constant.requestsPerSecond, p99Ms: feed.p99Ms })
    bench.log(`feed ${round(feed.requestsPerSecond, 0)}/s, bare ${round(constant.requestsPerSecond, 0)}/s`)
  }
  await bare.stop()
  const ratio = median(rounds.map((item) => item.feed / item.bare))
  return {
    row: processes === 1 ? '1' : '1w',
    work: `\`GET /feed\` (20 stories, ${bodyBytes} bytes), warm page, ${READERS} users with real tokens, wrk with ${CONNECTIONS} connections${processes === 1 ? '' : `, ${processes} processes (\`WEB_CONCURRENCY=${processes}\`)`}`,
    yardstick: 'bare `Bun.serve` answering a constant of the same size',
    bound: `≥ ${BOUND} of its requests/s`,
    found: `${round(ratio)} ×`,
    reached: ratio >= BOUND,
    rounds: rounds.map((item) => `${round(item.feed / item.bare)} ×`),
    absolute: [
      `${round(median(rounds.map((item) => item.feed)), 0)} of ${round(median(rounds.map((item) => item.bare)), 0)} requests/s`,
      `p99 ${round(median(rounds.map((item) => item.p99Ms)), 1)} ms`,
    ],
  }
}
