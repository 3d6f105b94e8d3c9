/**
 * `bun test/resilience/run.ts [--quick] [--only=3] [--write]`: real processes, real stores, real kills, one table.
 * Ends with 1 when a promise was broken; `--write` puts the table into docs/reliability.md.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_DIR } from '../../dev/data-folder.ts'
import { killedProcess } from './faults/1-killed-process.ts'
import { redis } from './faults/2-redis.ts'
import { database } from './faults/3-database.ts'
import { objectStore } from './faults/4-object-store.ts'
import { shutdown } from './faults/5-shutdown.ts'
import { workers } from './faults/6-workers.ts'
import { events } from './faults/7-events.ts'
import { readOnly } from './faults/8-read-only.ts'
import { logins } from './faults/9-logins.ts'
import { renderPage } from './support/page.ts'
import { makePeople } from './support/people.ts'
import { createReport, renderTable } from './support/report.ts'
import type { Fault } from './support/stage.ts'
import { startStores } from './support/stores.ts'

const FAULTS: readonly Fault[] = [
  killedProcess,
  redis,
  database,
  objectStore,
  shutdown,
  workers,
  events,
  readOnly,
  logins,
]

const isQuick = process.argv.includes('--quick')
const only = process.argv.find((item) => item.startsWith('--only='))?.slice('--only='.length)
const startedMs = performance.now()
const report = createReport((line) => console.log(line))

for (const fault of FAULTS) {
  if (only !== undefined && !only.split(',').some((start) => fault.name.startsWith(start))) continue
  if (isQuick && !fault.isInQuick) continue
  console.log(`\n── ${fault.name}`)
  // Stores of its own, so that one fault's leavings are not the next one's trouble.
  const stores = await startStores()
  try {
    const people = await makePeople(stores.sql, 20)
    await fault.run({ stores, people, report, isQuick })
  } catch (error) {
    report.check(
      fault.name,
      'the run came to its end',
      false,
      error instanceof Error ? (error.stack ?? '') : String(error),
    )
  } finally {
    await stores.stop()
  }
}

const seconds = Math.round((performance.now() - startedMs) / 1000)
const broken = report.checks.filter((check) => !check.kept)
console.log(
  `\n${renderTable(report.rows)}\n\n${report.checks.length - broken.length} promises kept, ${broken.length} broken, ${seconds} s`,
)
for (const check of broken) console.log(`BROKEN ${check.fault}: ${check.promise} (${check.found})`)
if (process.argv.includes('--write')) {
  writeFileSync(join(PROJECT_DIR, 'docs/reliability.md'), renderPage(report, seconds))
}
process.exit(broken.length > 0 ? 1 : 0)
