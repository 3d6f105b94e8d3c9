import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Enough for one to meet the moment in which the last line is on its way. */
const PROCESSES = 16

/** As long as it takes: three writers and whoever reads them share their cores with a whole test run. */
const FLUSH_MS_MAX = 50_000

/** Writes a line, flushes and exits at once. */
const SCRIPT = `
  const { createLogger, flushLogger } = await import(${JSON.stringify(join(import.meta.dir, 'logger.ts'))})
  const logger = createLogger('info', 'test', true)
  logger.info({ event: 'last' })
  await flushLogger(logger, ${FLUSH_MS_MAX})
  process.exit(0)
`

test('the last line is written before the end', async () => {
  const outputs = await Promise.all(
    Array.from({ length: PROCESSES }, async () => {
      const child = Bun.spawn([process.execPath, '-e', SCRIPT], { stdout: 'pipe', stderr: 'inherit' })
      return JSON.parse((await new Response(child.stdout).text()) || '{}').event
    }),
  )
  expect(outputs).toEqual(Array.from({ length: PROCESSES }, () => 'last'))
})

const WRITERS = 3
const LINES = 5000

/** Writes many lines to an output that others write to as well. */
const CHATTY_SCRIPT = `
  const { createLogger, flushLogger } = await import(${JSON.stringify(join(import.meta.dir, 'logger.ts'))})
  const logger = createLogger('info', 'test', true, true)
  for (let i = 0; i < ${LINES}; i++) {
    logger.info({ event: 'x'.repeat(i % 900) })
    if (i % 100 === 0) await Bun.sleep(0)
  }
  await flushLogger(logger, ${FLUSH_MS_MAX})
  process.exit(0)
`

test.each(['pipe', 'file'])('no line of a process is torn by another’s on the same %s', async (output) => {
  const folder = mkdtempSync(join(tmpdir(), 'stories-log-'))
  const file = join(folder, 'log')
  const all = Array.from({ length: WRITERS }, () => `"$0" -e "$1" &`).join(' ')
  const child = Bun.spawn(
    [
      'sh',
      '-c',
      `${output === 'file' ? `exec > '${file}'; ` : ''}${all} wait`,
      process.execPath,
      CHATTY_SCRIPT,
    ],
    { stdout: 'pipe', stderr: 'inherit' },
  )
  const piped = await new Response(child.stdout).text()
  await child.exited
  const lines = (output === 'file' ? readFileSync(file, 'utf8') : piped).trimEnd().split('\n')
  rmSync(folder, { recursive: true })
  const byProcess = Map.groupBy(lines, (line) => JSON.parse(line).pid)
  expect([...byProcess.values()].map(({ length }) => length)).toEqual(Array(WRITERS).fill(LINES))
})

/** Writes an error as the database's library makes them, and what people keep to themselves. */
const TELLING_SCRIPT = `
  const { createLogger } = await import(${JSON.stringify(join(import.meta.dir, 'logger.ts'))})
  const secrets = Object.fromEntries(
    ['password', 'email', 'access_token', 'refresh_token', 'authorization'].map((name) => [name, 'MARKER'])
  )
  const cause = Object.assign(new Error('no such table'), { code: '42P01', detail: 'MARKER' })
  const err = new Error('Failed query: select 1\\nparams: MARKER\\n    at MARKER', { cause })
  createLogger('info', 'test', false).error({ err, body: secrets, token: 'MARKER', url: 'MARKER', ...secrets })
`

test('an error is told with its stack and its causes, but not the values of its query, nor secrets beside it', () => {
  const { stdout } = Bun.spawnSync([process.execPath, '-e', TELLING_SCRIPT], { stderr: 'inherit' })
  const line = stdout.toString()
  expect(JSON.parse(line).err).toEqual({
    causes: [
      {
        name: 'Error',
        message: 'Failed query: select 1',
        stack: expect.stringMatching(/Failed query: select 1\n +at /),
      },
      { name: 'Error', message: 'no such table', code: '42P01', stack: expect.stringMatching(/\n +at /) },
    ],
  })
  expect(line).not.toContain('MARKER')
})
