/**
 * `bun test/resilience/fuzz.ts <schemathesis>`: every operation of the OpenAPI document with made-up input, once with a
 * token and once without. No 5xx, and no answer outside the document.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fuzzEvents } from './fuzz-events.ts'
import { makePeople } from './support/people.ts'
import { startApi } from './support/service.ts'
import { secondsUntil } from './support/stage.ts'
import { startStores } from './support/stores.ts'

const program = process.argv[2] ?? 'schemathesis'
const examplesMax = process.env.FUZZ_EXAMPLES ?? '25'
/** Streams never end, and fuzzers wait for the end; fuzz-events.ts looks at them. */
const EXCLUDED = ['/events']

const stores = await startStores()
let status = 0
let isOver = false
try {
  const api = await startApi({
    ...stores.env,
    RATE_LIMIT_SIGNUPS_PER_MIN: '60',
    RATE_LIMIT_LOGINS_PER_MIN: '60',
  })
  void api.child.exited.then((code) => {
    if (isOver) return
    console.error(`the service ended with ${code}:`)
    for (const line of api.lines.slice(-20)) console.error(JSON.stringify(line).slice(0, 500))
  })
  const [person] = await makePeople(stores.sql, 1)
  // What is not a number or a file is in here: a config of its own keeps the token off the command line.
  const config = join(stores.dir, 'schemathesis.toml')
  for (const [who, headers] of [
    ['with a token', { Authorization: `Bearer ${person?.token}` }],
    ['without a token', null],
  ] as const) {
    writeFileSync(config, headers === null ? '' : `[headers]\nAuthorization = "${headers.Authorization}"\n`)
    console.log(`\n── ${who}`)
    const checks = [
      'not_a_server_error',
      'status_code_conformance',
      'content_type_conformance',
      'response_schema_conformance',
      'response_headers_conformance',
    ]
    const run = Bun.spawn(
      [
        program,
        `--config-file=${config}`,
        'run',
        `${api.url}/docs/json`,
        `--checks=${checks.join(',')}`,
        `--max-examples=${examplesMax}`,
        '--phases=examples,coverage,fuzzing',
        '--workers=1',
        '--request-timeout=10',
        '--generation-database=none',
        '--no-color',
        ...EXCLUDED.map((path) => `--exclude-path=${path}`),
      ],
      { stdout: 'inherit', stderr: 'inherit', cwd: stores.dir },
    )
    const code = await run.exited
    status ||= code
  }
  if (person !== undefined) {
    console.log('\n── GET /events')
    const odd = await fuzzEvents(api.url, person, Number(examplesMax) * 4)
    const open = await secondsUntil(async () => (await api.metric('sse_connections')) === 0, 10)
    if (open > 10) odd.push('streams were left open')
    for (const line of odd) console.error(line.slice(0, 300))
    console.log(odd.length === 0 ? 'every answer is a documented one' : `${odd.length} answers are not`)
    if (odd.length > 0) status ||= 1
  }
  const bugs = api.lines.filter((line) => line.event === 'internal_error')
  for (const bug of bugs.slice(0, 5)) console.error(JSON.stringify(bug).slice(0, 1000))
  if (bugs.length > 0 || api.child.hasExited()) status ||= 1
  isOver = true
  await api.stop()
} finally {
  await stores.stop()
}
process.exit(status)
