/** The one screen that `make dev` ends its start with. */

import { bold, dim } from './console.ts'
import type { StackKind } from './stack-types.ts'

export type Summary = Readonly<{
  kind: StackKind
  readySeconds: number
  apiPort: number
  workerPort: number
  seeded: boolean
}>

const KINDS: Record<StackKind, string> = {
  given: 'on the stores the environment names',
  containers: 'on PostgreSQL, Redis and MinIO in containers',
  embedded: 'on its own PostgreSQL, Redis and object store, without Docker',
}

/** The summary as lines for the terminal. */
export function renderSummary({ kind, readySeconds, apiPort, workerPort, seeded }: Summary): string {
  const api = `http://localhost:${apiPort}`
  const rows: [string, string][] = [
    ['Client', `${api}/`],
    ['API docs', `${api}/docs`],
    ['Health', `${api}/healthz`],
    ['Metrics', `${api}/metrics`],
    ['Worker metrics', `http://localhost:${workerPort}/metrics`],
    ['Demo accounts', 'ava@example.com, ben@example.com, cleo@example.com, dov@example.com'],
    ['their password', `stories-demo-2026${seeded ? '' : dim('   (make seed makes them anew)')}`],
  ]
  return [
    '',
    `  ${bold('Stories runs')} ${KINDS[kind]}, ready after ${readySeconds.toFixed(1)} s`,
    '',
    ...rows.map(([name, value]) => `    ${name.padEnd(16)} ${value}`),
    '',
    dim(
      '    Changes in src/, worker.ts and web/ restart what they touch. Data stays in .data/ (make clean drops it).',
    ),
    dim('    Ctrl-C ends everything.'),
    '',
  ].join('\n')
}
