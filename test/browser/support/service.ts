/** The real service for a browser test: an API process of its own settings on the run's stores, and the worker. */
import { type Child, startChild } from '../../../dev/children.ts'
import { PROJECT_DIR } from '../../../dev/data-folder.ts'
import { startOnFreePort } from '../../../dev/ports.ts'

export type Variables = Record<string, string | undefined>
export type Service = { url: string; stop(): Promise<void> }

const START_MS_MAX = 20_000
const JWT_SECRET = 'browser-tests-only-browser-tests-only-0000'

/** The stores of the environment plus what the service needs besides; limits are wide unless a test narrows them. */
export function serviceVariables(env: Variables, extra: Variables = {}): Variables {
  return {
    ...env,
    JWT_SECRET,
    LOG_LEVEL: 'error',
    RATE_LIMIT_SIGNUPS_PER_MIN: '10000',
    RATE_LIMIT_LOGINS_PER_MIN: '10000',
    RATE_LIMIT_STORIES_PER_MIN: '1000',
    RATE_LIMIT_REACTIONS_PER_MIN: '1000',
    ...extra,
  }
}

/** Starts an API process; resolves once it is ready. */
export function startService(extra: Variables = {}): Promise<Service> {
  return startOnFreePort(null, async (port) => {
    const env = serviceVariables(process.env, { ...extra, PORT: String(port), HOST: '127.0.0.1' })
    const child = startChild({
      name: 'api',
      command: [process.execPath, 'src/server.ts'],
      cwd: PROJECT_DIR,
      env,
      output: 'pipe',
    })
    const output = collect(child)
    const url = `http://localhost:${port}`
    try {
      await untilReady(`http://127.0.0.1:${port}/readyz`, child)
    } catch (error) {
      await child.stop('SIGKILL')
      throw new Error(`${error instanceof Error ? error.message : error}\n${await output}`)
    }
    return { url, stop: async () => void (await child.stop()) }
  })
}

/** One sweep of the worker. @returns its log lines */
export async function sweepOnce(): Promise<string> {
  const env = serviceVariables(process.env, { LOG_LEVEL: 'info' })
  const command = [process.execPath, 'worker.ts', '--once']
  const child = startChild({ name: 'worker', command, cwd: PROJECT_DIR, env, output: 'pipe' })
  const [lines, code] = await Promise.all([collect(child), child.exited])
  if (code !== 0) throw new Error(`the worker ended with ${code}: ${lines}`)
  return lines
}

async function collect(child: Child): Promise<string> {
  const texts = await Promise.all(
    [child.stdout, child.stderr].map((stream) => (stream ? new Response(stream).text() : '')),
  )
  return texts.join('\n')
}

async function untilReady(url: string, child: Child): Promise<void> {
  const deadline = Date.now() + START_MS_MAX
  while (Date.now() < deadline && !child.hasExited()) {
    const answer = await fetch(url).catch(() => null)
    if (answer?.ok) return
    await Bun.sleep(50)
  }
  throw new Error(child.hasExited() ? 'the API ended at start' : 'the API did not get ready')
}
