import type { Bench } from '../support/bench'
import { openHttpLines } from '../support/http-lines'
import { createListeners } from '../support/listeners'
import { nextRequest } from '../support/request-mix'
import type { RowResult } from '../support/result'
import { round } from '../support/stats'
import { createStories, personId } from '../support/world'

const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 1_000_000)
const STREAMS = REQUESTS / 20
const SECONDS_MAX = Number(process.env.BENCH_MEMORY_SECONDS ?? 700)
const CONNECTIONS = 32
const PEOPLE = 500
const STREAMS_AT_ONCE = 50
const SAMPLE_EVERY_MS = 1000
const SAY_EVERY_SAMPLES = 15
const BOUND_MB = 5

type Sample = Readonly<{ requests: number; streams: number; rssMb: number }>

/** Row 11: how resident memory moves over a million requests, good and bad, with streams that come and go. */
export async function measureMemory(bench: Bench): Promise<RowResult> {
  await createStories(bench, 'stories_10k', 10_000)
  await bench.dropDatabase('memory')
  await bench.createDatabase('memory', 'stories_10k')
  await bench.flushRedis()
  const api = await bench.startApi('memory')
  const tokens = Array.from({ length: PEOPLE }, (_, i) => bench.tokenOf(personId(i + 1)))
  const rows = await bench.sql('memory')<{ id: string }[]>`
    select id from stories where visibility = 'public' limit 5000`
  const source = { tokens, stories: rows.map(({ id }) => id) }

  const startedMs = performance.now()
  const isOver = () => (performance.now() - startedMs) / 1000 > SECONDS_MAX
  let requests = 0
  let sent = 0
  const statuses = new Map<number, number>()
  const send = () => {
    if (sent >= REQUESTS || isOver()) return
    sent++
    lines.send(nextRequest(source))
  }
  const lines = await openHttpLines(api.port, CONNECTIONS, (status) => {
    requests++
    const kind = Math.floor(status / 100)
    statuses.set(kind, (statuses.get(kind) ?? 0) + 1)
    send()
  })
  for (let i = 0; i < CONNECTIONS; i++) send()

  let streams = 0
  const isDone = () => isOver() || (requests >= REQUESTS && streams >= STREAMS)
  const listeners = createListeners(api.port)
  const comeAndGo = async () => {
    while (!isDone()) {
      if (streams >= STREAMS || streams / STREAMS > requests / REQUESTS) {
        await Bun.sleep(10)
        continue
      }
      const from = streams % PEOPLE
      await listeners.open(tokens.slice(from, from + STREAMS_AT_ONCE), 10)
      await listeners.close()
      streams += STREAMS_AT_ONCE
    }
  }
  const coming = comeAndGo()
  const samples: Sample[] = []
  while (!isDone()) {
    await Bun.sleep(SAMPLE_EVERY_MS)
    const sample = { requests, streams, rssMb: api.rssBytes() / 2 ** 20 }
    samples.push(sample)
    if (samples.length % SAY_EVERY_SAMPLES === 0)
      bench.log(`${sample.requests} requests, ${sample.streams} streams: ${round(sample.rssMb, 0)} MB`)
  }
  await coming
  lines.close()
  await api.stop()
  return resultOf(
    samples,
    [...statuses].sort(([a], [b]) => a - b),
  )
}

function resultOf(samples: readonly Sample[], statuses: readonly (readonly [number, number])[]): RowResult {
  const last = samples.at(-1) ?? { requests: 0, streams: 0, rssMb: 0 }
  const half = samples.filter(({ requests }) => requests >= last.requests / 2)
  const slopeMb = slopeOf(half.map(({ requests, rssMb }) => [requests / 100_000, rssMb] as const))
  const isWhole = last.requests >= REQUESTS * 0.99 && last.streams >= STREAMS * 0.99
  return {
    row: '11',
    work: `memory over ${last.requests} requests and ${last.streams} streams opened and closed`,
    yardstick: 'slope over the second half',
    bound: `< ${BOUND_MB} MB per 100,000 requests`,
    found: `${round(slopeMb)} MB per 100,000 requests${isWhole ? '' : `, after ${SECONDS_MAX} s, when the time was over`}`,
    reached: slopeMb < BOUND_MB && isWhole,
    rounds: [`${round(slopeMb)} MB`],
    absolute: [
      `${round(samples[0]?.rssMb ?? 0, 0)} MB after a second, ${round(half[0]?.rssMb ?? 0, 0)} MB half-way, ${round(last.rssMb, 0)} MB at the end`,
      statuses.map(([kind, count]) => `${kind}xx: ${count}`).join(', '),
    ],
    plot: {
      file: 'memory.svg',
      title: 'Resident memory of the API process',
      xLabel: 'requests answered, in 100,000',
      yLabel: 'MB',
      logX: false,
      series: [
        { name: 'RSS', points: samples.map(({ requests, rssMb }) => [requests / 100_000, rssMb] as const) },
      ],
    },
  }
}

/** Least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const above = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return above / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
