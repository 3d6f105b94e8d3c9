import { join } from 'node:path'
import { postWithoutHttp } from '../support/bare-postings'
import type { Bench } from '../support/bench'
import { cpuSecondsOf } from '../support/cpu'
import { runK6 } from '../support/k6'
import type { RowResult } from '../support/result'
import { median, round } from '../support/stats'
import { createStories, personId } from '../support/world'

const SECONDS = Number(process.env.BENCH_SECONDS ?? 10)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 4)
/** So many that the service has to look up nearly every one again, as its yardstick does. */
const PEOPLE = 10_000
/** As many people at once as the service's pool has connections. */
const CONNECTIONS = 16
const VIEWS_PER_STORY = 10
const WORLD = 'stories_posted'
const WARM_UP_SECONDS = 20
const BOUND = 0.5

/** Row 4: stories and their views by k6 over HTTP, beside the same statements sent by postgres.js alone. */
export async function measureCreateAndView(bench: Bench): Promise<RowResult> {
  await createStories(bench, 'stories_10k', 10_000)
  await bench.dropDatabase(WORLD)
  await bench.createDatabase(WORLD, 'stories_10k')
  await bench.flushRedis()
  const people = Array.from({ length: PEOPLE }, (_, i) => personId(i + 1))
  const tokensFile = join(bench.tempDir, 'people.txt')
  await Bun.write(tokensFile, people.map((id) => bench.tokenOf(id)).join('\n'))
  const api = await bench.startApi(WORLD)
  const byK6 = (seconds: number) =>
    runK6(
      'create-and-view',
      {
        BASE_URL: api.url,
        TOKENS: tokensFile,
        VUS: String(CONNECTIONS),
        SECONDS: String(seconds),
        RAMP_SECONDS: '0',
        VIEWS_PER_STORY: String(VIEWS_PER_STORY),
      },
      bench.tempDir,
    )
  const bare = (seconds: number) =>
    postWithoutHttp(bench, WORLD, {
      people,
      connections: CONNECTIONS,
      seconds,
      viewsPerStory: VIEWS_PER_STORY,
    })

  // A process that has served for hours is measured: its code is compiled, and it has met these people before.
  await byK6(WARM_UP_SECONDS)
  await bare(2)
  const rounds: { http: number; sql: number; k6Cores: number; apiMs: number; p95Ms: string }[] = []
  let sent: readonly string[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const apiCpuBefore = cpuSecondsOf(api.pid)
    const report = await byK6(SECONDS)
    const apiCpu = cpuSecondsOf(api.pid) - apiCpuBefore
    if (report.checksPassed < 1)
      throw new Error(`k6's checks passed for ${report.checksPassed} of the answers`)
    const { perSecond, statements } = await bare(SECONDS)
    sent = statements
    rounds.push({
      http: report.requestsPerSecond,
      sql: perSecond,
      k6Cores: (report.cpuSeconds * report.requestsPerSecond) / report.requests,
      apiMs: (apiCpu / report.requests) * 1000,
      p95Ms: Object.entries(report.p95Ms)
        .map(([call, ms]) => `${call} ${round(ms, 1)} ms`)
        .join(', '),
    })
    bench.log(`by k6 ${round(report.requestsPerSecond, 0)}/s, by postgres.js alone ${round(perSecond, 0)}/s`)
  }
  await api.stop()
  const ratio = median(rounds.map((item) => item.http / item.sql))
  return {
    row: '4',
    work: `create + view by k6: ${PEOPLE.toLocaleString('en')} people, ${CONNECTIONS} at once, ${VIEWS_PER_STORY} first views a story`,
    yardstick: `the service's own statements sent by \`postgres\` alone, prepared, on ${CONNECTIONS} connections, no HTTP`,
    bound: `≥ ${BOUND} of its transactions/s`,
    found: `${round(ratio)} ×`,
    reached: ratio >= BOUND,
    rounds: rounds.map((item) => `${round(item.http / item.sql)} ×`),
    absolute: [
      `${round(median(rounds.map((item) => item.http)), 0)} of ${round(median(rounds.map((item) => item.sql)), 0)} transactions/s`,
      `k6 itself took ${round(median(rounds.map((item) => item.k6Cores)))} of the two cores meanwhile, the service ${round(median(rounds.map((item) => item.apiMs)))} ms of processor time a request`,
      `p95: ${rounds.at(-1)?.p95Ms}`,
      `statements of the yardstick: ${sent.map((text) => text.trim().split(/\s+/).slice(0, 6).join(' ')).join(' … | ')} …`,
    ],
  }
}
