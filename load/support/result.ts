import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** What one row of the bench found; kept as JSON, so that the page can be written from rows measured apart. */
export type RowResult = Readonly<{
  row: string
  work: string
  yardstick: string
  bound: string
  reached: boolean
  /** What is compared with the bound: the median of the rounds. */
  found: string
  /** One entry a round. */
  rounds: readonly string[]
  /** Absolute numbers of this machine, which mean little elsewhere. */
  absolute: readonly string[]
  notes?: readonly string[]
  plans?: readonly Plan[]
  plot?: Plot
}>

export type Plan = Readonly<{ title: string; statement: string; text: string }>

export type Plot = Readonly<{
  file: string
  title: string
  xLabel: string
  yLabel: string
  logX: boolean
  series: readonly { name: string; points: readonly (readonly [number, number])[] }[]
}>

export const RESULTS_FOLDER = join(import.meta.dir, '../results')

export async function keepResult(result: RowResult): Promise<void> {
  mkdirSync(RESULTS_FOLDER, { recursive: true })
  const kept = { ...result, measuredAt: new Date().toISOString() }
  await Bun.write(join(RESULTS_FOLDER, `${result.row}.json`), `${JSON.stringify(kept, null, 2)}\n`)
}

/** Something that was tried beside what it would replace; the ratio is of their medians. */
export type Try = Readonly<{
  tried: string
  instead: string
  ratio: number
  triedMs: number
  insteadMs: number
  verdict: string
}>

export async function keepTries(tries: readonly Try[]): Promise<void> {
  mkdirSync(RESULTS_FOLDER, { recursive: true })
  await Bun.write(join(RESULTS_FOLDER, 'tries.json'), `${JSON.stringify(tries, null, 2)}\n`)
}
