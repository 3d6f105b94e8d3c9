import { join } from 'node:path'
import { buildWebClient } from '../../src/scripts/build-web'
import type { Bench } from '../support/bench'
import { PROJECT_DIR, startProcess } from '../support/processes'
import type { RowResult } from '../support/result'
import { median, round } from '../support/stats'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 11)
const BOUND_MS = 400

/** Row 12: from the start of the API process to its first 200 on /readyz, beside Bun with an empty Elysia app. */
export async function measureStartUp(bench: Bench): Promise<RowResult> {
  if (!(await bench.hasDatabase('stories_empty'))) await bench.createDatabase('stories_empty')
  // As in the image, where the client is built before the process starts.
  await buildWebClient(join(PROJECT_DIR, 'web/dist'))
  const rounds: { apiMs: number; emptyMs: number }[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const empty = await startProcess({
      command: [process.execPath, '--no-env-file', 'load/support/empty-elysia.ts'],
      env: { PATH: process.env.PATH ?? '' },
      logFile: join(bench.tempDir, 'empty.log'),
    })
    await empty.stop()
    const api = await bench.startApi('stories_empty')
    await api.stop()
    rounds.push({ apiMs: api.readyAfterMs, emptyMs: empty.readyAfterMs })
  }
  const moreMs = median(rounds.map((item) => item.apiMs - item.emptyMs))
  return {
    row: '12',
    work: 'API start to first 200 on `/readyz`',
    yardstick: '`bun` running an empty Elysia app',
    bound: `≤ +${BOUND_MS} ms`,
    found: `+${round(moreMs, 0)} ms`,
    reached: moreMs <= BOUND_MS,
    rounds: rounds.map((item) => `+${round(item.apiMs - item.emptyMs, 0)} ms`),
    absolute: [
      `${round(median(rounds.map((item) => item.apiMs)), 0)} ms, empty app ${round(median(rounds.map((item) => item.emptyMs)), 0)} ms`,
    ],
  }
}
