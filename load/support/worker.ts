import { join } from 'node:path'
import type { Bench } from './bench'
import { PROJECT_DIR } from './processes'

export type WorkerRun = Readonly<{
  /** Stories that the sweep ended, and how long it took; the process also starts, cleans up and ends. */
  count: number
  sweepMs: number
  processMs: number
}>

/**
 * Runs the worker once on a database, as a process of its own.
 *
 * @throws when it fails or writes no line about its sweep
 */
export async function runWorkerOnce(
  bench: Bench,
  database: string,
  env: Record<string, string> = {},
): Promise<WorkerRun> {
  const startedMs = performance.now()
  const logFile = join(bench.tempDir, `worker-${database}.log`)
  const child = Bun.spawn([process.execPath, '--no-env-file', 'worker.ts', '--once'], {
    cwd: PROJECT_DIR,
    env: bench.env(database, env),
    stdout: Bun.file(logFile),
    stderr: 'inherit',
  })
  const code = await child.exited
  const processMs = performance.now() - startedMs
  const log = await Bun.file(logFile).text()
  if (code !== 0) throw new Error(`The worker ended with ${code}:\n${log.slice(-2000)}`)
  for (const line of log.split('\n').filter(Boolean)) {
    const entry = JSON.parse(line) as { event?: string; count: number; duration_ms: number }
    if (entry.event === 'story_expired') return { count: entry.count, sweepMs: entry.duration_ms, processMs }
  }
  throw new Error(`The worker wrote no line about its sweep:\n${log.slice(-2000)}`)
}
