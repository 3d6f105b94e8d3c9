import { p50, p95, type Round } from './latency'
import type { Plot } from './result'
import { median, round } from './stats'

/** The sizes at which the latency of a row is drawn. */
export const SIZES = [10_000, 100_000, 1_000_000] as const

/** `stories_10k`, `stories_100k`, `stories_1m`. */
export const worldOf = (size: number): string =>
  `stories_${size >= 1_000_000 ? `${size / 1_000_000}m` : `${size / 1000}k`}`

/**
 * Latency against size: p50 and p95 of each arm, the medians over the rounds.
 *
 * @param lines a name to the arms that make its line, one for each size
 */
export function plotSizes<Arm extends string>(
  about: Readonly<{ file: string; title: string }>,
  rounds: readonly Round<Arm>[],
  lines: Readonly<Record<string, readonly { size: number; arm: Arm }[]>>,
): Plot {
  const at = (arm: Arm, pick: (values: readonly number[]) => number) =>
    round(median(rounds.map((item) => pick(item[arm]))))
  return {
    ...about,
    xLabel: 'active stories',
    yLabel: 'milliseconds',
    logX: true,
    series: Object.entries(lines).flatMap(([name, points]) =>
      ([p50, p95] as const).map((pick) => ({
        name: `${name} ${pick === p50 ? 'p50' : 'p95'}`.trim(),
        points: points.map(({ size, arm }) => [size, at(arm, pick)] as const),
      })),
    ),
  }
}
