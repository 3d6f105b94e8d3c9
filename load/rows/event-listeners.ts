import type { Bench } from '../support/bench'
import { createListeners } from '../support/listeners'
import { type ApiProcess, needOpenFiles } from '../support/processes'
import type { RowResult } from '../support/result'
import { median, round } from '../support/stats'
import { createPeople, personId } from '../support/world'

const LISTENERS = Number(process.env.BENCH_LISTENERS ?? 10_000)
const ROUNDS = Math.min(3, Number(process.env.BENCH_ROUNDS ?? 3))
const WARM_UP = 500
const BOUND_KB = 12
const SAMPLES = 10
const SAMPLE_EVERY_MS = 300
/** Memory counts as at rest when it moved by less than this over the samples. */
const STILL_BYTES = 2 * 1024 * 1024
const REST_MS_MAX = 25_000

/** Row 7: what one idle listener costs the API process in resident memory, with 10,000 of them. */
export async function measureListeners(bench: Bench): Promise<RowResult> {
  needOpenFiles(LISTENERS + 500)
  await createPeople(bench, 'people')
  const tokens = Array.from({ length: LISTENERS + WARM_UP }, (_, i) => bench.tokenOf(personId(i + 1)))
  const rounds: { withoutMb: number; withMb: number; eachKb: number }[] = []
  for (let i = 0; i < ROUNDS; i++) {
    await bench.flushRedis()
    const api = await bench.startApi('people')
    // Code that runs for the first time is loaded and compiled; that is no listener's cost.
    const first = createListeners(api.port)
    await first.open(tokens.slice(LISTENERS))
    await first.close()
    const without = await rssAtRest(api)
    const listeners = createListeners(api.port)
    await listeners.open(tokens.slice(0, LISTENERS))
    const withThem = await rssAtRest(api)
    if (listeners.count() !== LISTENERS) throw new Error(`only ${listeners.count()} streams are open`)
    await listeners.close()
    await api.stop()
    const eachKb = (withThem - without) / LISTENERS / 1024
    rounds.push({ withoutMb: without / 2 ** 20, withMb: withThem / 2 ** 20, eachKb })
    bench.log(
      `${round(without / 2 ** 20, 0)} MB without, ${round(withThem / 2 ** 20, 0)} MB with ${LISTENERS}: ${round(eachKb)} KB each`,
    )
  }
  const eachKb = median(rounds.map((item) => item.eachKb))
  return {
    row: '7',
    work: `\`GET /events\`: ${LISTENERS} idle listeners on one API process`,
    yardstick: 'the process without listeners',
    bound: `≤ ${BOUND_KB} KB RSS each`,
    found: `${round(eachKb)} KB each`,
    reached: eachKb <= BOUND_KB,
    rounds: rounds.map((item) => `${round(item.eachKb)} KB`),
    absolute: [
      `${round(median(rounds.map((item) => item.withoutMb)), 0)} MB without, ${round(median(rounds.map((item) => item.withMb)), 0)} MB with`,
    ],
    notes: [
      `Each round is a new process that has had ${WARM_UP} streams come and go; resident memory is the median of ${SAMPLES} samples once it no longer moves. All are different people with tokens of their own, so what is remembered of tokens and users counts, too.`,
    ],
  }
}

/** The median of samples taken once the memory does not move any more, or has had long enough. */
async function rssAtRest(api: ApiProcess): Promise<number> {
  const samples: number[] = []
  const startedMs = performance.now()
  for (;;) {
    await Bun.sleep(SAMPLE_EVERY_MS)
    samples.push(api.rssBytes())
    const last = samples.slice(-SAMPLES)
    const isStill = last.length === SAMPLES && Math.max(...last) - Math.min(...last) < STILL_BYTES
    if (isStill || performance.now() - startedMs > REST_MS_MAX) return median(last)
  }
}
