/** What every fault gets: stores, people, a report, and the small waits that all of them need. */

import type { Person } from './people.ts'
import type { Report } from './report.ts'
import type { Process } from './service.ts'
import type { Stores } from './stores.ts'

export type Stage = Readonly<{
  stores: Stores
  people: readonly Person[]
  report: Report
  /** The short form for CI. */
  isQuick: boolean
}>

export type Fault = Readonly<{ name: string; run(stage: Stage): Promise<void>; isInQuick: boolean }>

/** Seconds until `probe` holds; gives up after `secondsMax` and answers that. */
export async function secondsUntil(probe: () => Promise<boolean>, secondsMax = 30): Promise<number> {
  const startedMs = performance.now()
  for (;;) {
    const holds = await probe().catch(() => false)
    const seconds = (performance.now() - startedMs) / 1000
    if (holds || seconds > secondsMax) return seconds
    await Bun.sleep(50)
  }
}

export const statusOf = async (url: string, path: string): Promise<number> =>
  (await fetch(url + path, { signal: AbortSignal.timeout(5000) })).status

/** Connections that PostgreSQL holds for a process of the service. */
export async function connectionsOf(stores: Stores, name = 'api'): Promise<number> {
  const rows = await stores.sql<{ n: number }[]>`
    select count(*)::int as n from pg_stat_activity where application_name = ${name}`
  return rows[0]?.n ?? 0
}

export const internalErrors = (processes: readonly Process[]): string[] =>
  processes.flatMap(({ lines }) =>
    lines
      .filter((line) => line.event === 'internal_error' || line.event === 'not_json')
      .map((line) => JSON.stringify(line).slice(0, 300)),
  )
