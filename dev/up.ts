/** `make dev`: the stack, migrations, API and worker with reload, and one screen that says where everything is. */

import { openConsole, red } from './console.ts'
import { DATA_DIR, FolderInUseError, holdFolder, PROJECT_DIR } from './data-folder.ts'
import { runScript, seedIfEmpty } from './scripts.ts'
import { startService } from './service.ts'
import { joinableEnv, serviceEnv } from './service-env.ts'
import { chooseServicePorts } from './service-ports.ts'
import { onAskedToEnd } from './signals.ts'
import { startStack } from './stack.ts'
import { renderSummary } from './summary.ts'
import { waitFor } from './wait-for.ts'
import { watchSources } from './watch.ts'

const READY_MS = 60_000
const HALF_STARTED_MS = 20_000

const screen = openConsole()
const asked = Promise.withResolvers<string>()
let isAsked = false
let isUp = false
/** What has to be ended again; the last started comes first. */
const endings: (() => Promise<void> | void)[] = []

/** Brings everything up. @returns why it went down again, if it did so by itself */
async function start(): Promise<string> {
  const folder = holdFolder(DATA_DIR)
  endings.unshift(folder.release)
  const ports = await chooseServicePorts(process.env)
  screen.step('starting PostgreSQL, Redis and the object store')
  const stack = await startStack({ dataDir: DATA_DIR, log: screen.step })
  endings.unshift(stack.stop)
  goOn()

  const env = serviceEnv(DATA_DIR, stack.env(), {
    PORT: String(ports.api),
    WORKER_METRICS_PORT: String(ports.worker),
    // For this machine alone, unless somebody asks for more.
    HOST: process.env.HOST || '127.0.0.1',
  })
  screen.step('applying migrations')
  await runScript('src/scripts/migrate.ts', env)
  goOn()

  screen.step('starting API and worker')
  const common = { cwd: PROJECT_DIR, env, console: screen }
  const api = startService({ ...common, name: 'api', command: [process.execPath, 'src/server.ts'] })
  const worker = startService({ ...common, name: 'worker', command: [process.execPath, 'worker.ts'] })
  endings.unshift(async () => void (await Promise.all([api.stop(), worker.stop()])))
  const services = [api, worker]
  const ended = Promise.race([stack.ended, ...services.map((service) => service.ended)])
  const clientUrl = `http://localhost:${ports.api}`
  await waitFor(async () => ((await fetch(`${clientUrl}/readyz`)).ok ? true : null), {
    what: 'The API',
    timeoutMs: READY_MS,
    gaveUp: () =>
      services.some((service) => service.hasEnded())
        ? 'it ended while starting'
        : isAsked
          ? 'asked to end'
          : null,
  })
  folder.publish({ env: joinableEnv(env, stack.env()), clientUrl })
  const seeded = await seedIfEmpty(stack.databaseUrl, env)
  goOn()

  const readySeconds = performance.now() / 1000
  screen.say(
    renderSummary({ kind: stack.kind, readySeconds, apiPort: ports.api, workerPort: ports.worker, seeded }),
  )
  screen.release()
  const unwatch = watchSources(PROJECT_DIR, ['src', 'web', 'worker.ts'], (paths) => {
    screen.step(`${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ', …' : ''} changed`)
    if (paths.some((path) => path !== 'worker.ts')) void api.restart()
    if (paths.some((path) => !path.startsWith('web/'))) void worker.restart()
  })
  endings.unshift(unwatch)
  isUp = true
  return ended
}

function goOn(): void {
  if (isAsked) throw new Error('asked to end')
}

function explain(error: unknown): string {
  if (error instanceof FolderInUseError) {
    const { pid, clientUrl } = error.holder
    return `make dev runs already (process ${pid}${clientUrl ? `, ${clientUrl}/` : ''}). Stop that one first.`
  }
  return error instanceof Error ? error.message : String(error)
}

onAskedToEnd((why) => {
  isAsked = true
  asked.resolve(why)
})
const starting = start().catch(explain)
const trouble = await Promise.race([asked.promise.then(() => null), starting])
screen.release()
if (trouble) screen.say(red(trouble))
else screen.step('ending')
// Interrupted half-way, the step in hand has to finish before what it started can be ended.
if (!isUp) await Promise.race([starting, Bun.sleep(HALF_STARTED_MS)])
for (const end of endings) await end()
process.exit(trouble ? 1 : 0)
