import { median, percentile, round } from './stats'

/** One round of a comparison: latencies of each arm, in milliseconds. */
export type Round<Arm extends string> = Readonly<Record<Arm, readonly number[]>>

export const p50 = (values: readonly number[]): number => percentile(values, 0.5)
export const p95 = (values: readonly number[]): number => percentile(values, 0.95)

/** Median over the rounds of how many times slower one arm is than another, at p50 and p95. */
export function compare<Arm extends string>(rounds: readonly Round<Arm>[], arm: Arm, base: Arm) {
  const at = (pick: (values: readonly number[]) => number) =>
    rounds.map((item) => pick(item[arm]) / pick(item[base]))
  return {
    p50: median(at(p50)),
    p95: median(at(p95)),
    perRound: rounds.map((_, i) => `${round(at(p50)[i] ?? 0)} / ${round(at(p95)[i] ?? 0)} ×`),
  }
}

/** `p50 1.2 ms, p95 3.4 ms` over all rounds. */
export function describeLatency<Arm extends string>(rounds: readonly Round<Arm>[], arm: Arm): string {
  const all = rounds.flatMap((item) => [...item[arm]])
  return `p50 ${round(p50(all))} ms, p95 ${round(p95(all))} ms`
}
