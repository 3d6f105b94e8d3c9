/** `make dev` from the outside: it comes up, and whatever way it ends, nothing of it is left. */

import { afterAll, expect, test } from 'bun:test'
import { type Child, startChild } from '../../dev/children.ts'
import { readLines } from '../../dev/console.ts'
import { PROJECT_DIR, readHolder } from '../../dev/data-folder.ts'
import { commandOf } from '../../dev/process-table.ts'
import { waitFor } from '../../dev/wait-for.ts'
import { descendantsOf, temporaryFolder, whenGone } from './support.ts'

const { dir, drop } = temporaryFolder()
const started: Child[] = []
afterAll(async () => {
  for (const child of started) await child.stop('SIGTERM', 20_000)
  drop()
})

/** `whole` resolves when all that it wrote is read, the last of which may still be on its way when it has ended. */
type Dev = Readonly<{ child: Child; output: () => string; whole: Promise<unknown> }>

function startDev(variables: Record<string, string> = {}): Dev {
  const lines: string[] = []
  const env = {
    ...process.env,
    STACK: 'embedded',
    DEV_DATA_DIR: dir,
    PORT: '0',
    WORKER_METRICS_PORT: '0',
    ...variables,
  }
  const child = startChild({
    name: 'dev',
    command: [process.execPath, 'dev/up.ts'],
    cwd: PROJECT_DIR,
    env,
    output: 'pipe',
  })
  const outputs = [child.stdout, child.stderr].flatMap((stream) => stream ?? [])
  const whole = Promise.all(outputs.map((stream) => readLines(stream, (line) => lines.push(line))))
  started.push(child)
  return { child, output: () => lines.join('\n'), whole }
}

async function startedDev() {
  const dev = startDev()
  await waitFor(async () => (dev.output().includes('Ctrl-C ends everything') ? true : null), {
    what: 'make dev',
    timeoutMs: 60_000,
    gaveUp: () => (dev.child.hasExited() ? dev.output() : null),
  })
  const clientUrl = readHolder(dir)?.clientUrl ?? ''
  return { ...dev, clientUrl, below: descendantsOf(dev.child.pid) }
}

test('comes up, refuses a second one beside it, and ends with everything below it on SIGTERM', async () => {
  const dev = await startedDev()
  expect((await fetch(`${dev.clientUrl}/readyz`)).status).toBe(200)
  // PostgreSQL, Redis, API and worker at least.
  expect(dev.below.length).toBeGreaterThanOrEqual(4)

  const second = startDev()
  expect(await second.child.exited).toBe(1)
  await second.whole
  expect(second.output()).toContain(`runs already (process ${dev.child.pid}`)

  expect(await dev.child.stop('SIGTERM', 20_000)).toBe(0)
  expect(await whenGone(dev.below)).toBe(true)
  expect(readHolder(dir)).toBeNull()
}, 120_000)

test('killed the hard way it takes everything along, and the next one starts', async () => {
  const dev = await startedDev()
  await dev.child.stop('SIGKILL')
  await waitFor(() => whenGone(dev.below), { what: 'the end of all children', timeoutMs: 20_000 })

  const next = await startedDev()
  process.kill(next.child.pid, 'SIGINT')
  expect(await next.child.exited).toBe(0)
}, 120_000)

test('ends with 1 and the rest when one of its processes dies', async () => {
  const dev = await startedDev()
  const api = dev.below.find((pid) => commandOf(pid)?.includes('src/server.ts'))
  if (api === undefined) throw new Error('there is no API below make dev')
  process.kill(api, 'SIGKILL')
  expect(await dev.child.exited).toBe(1)
  await dev.whole
  expect(dev.output()).toContain('api ended by itself')
  expect(await whenGone(dev.below)).toBe(true)
}, 120_000)

test('says which port is busy when it was asked for that one', async () => {
  const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('busy') })
  const dev = startDev({ PORT: String(other.port) })
  expect(await dev.child.exited).toBe(1)
  await dev.whole
  expect(dev.output()).toContain(`PORT=${other.port} is in use`)
  await other.stop(true)
}, 60_000)
