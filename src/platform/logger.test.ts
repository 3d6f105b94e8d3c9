import { expect, test } from 'bun:test'
import { join } from 'node:path'

/** Enough for one to meet the moment in which the last line is on its way. */
const PROCESSES = 16

/** Writes a line, flushes and exits at once. */
const SCRIPT = `
  const { createLogger, flushLogger } = await import(${JSON.stringify(join(import.meta.dir, 'logger.ts'))})
  const logger = createLogger('info', 'test', true)
  logger.info({ event: 'last' })
  await flushLogger(logger)
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
