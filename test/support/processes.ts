/** The service's real processes, for tests that need one. */
import { type Child, startChild } from '../../dev/children.ts'
import { PROJECT_DIR } from '../../dev/data-folder.ts'
import { anyFreePort } from '../../dev/ports.ts'
import { until } from './until'

export type LogLine = Readonly<Record<string, unknown>>
type Env = Readonly<Record<string, string>>

export type ServiceProcess = Readonly<{
  url: string
  pid: number
  /** What it wrote, line by line, from both outputs. */
  output: readonly string[]
  /** The same as JSON; fails for a line that is none. */
  lines(): LogLine[]
  hasExited(): boolean
  kill(signal: NodeJS.Signals): Promise<number>
}>

const READY_MS_MAX = 30_000

/**
 * Starts `bun src/server.ts` on a free port; resolves when it is ready.
 *
 * @param bun another program than this process'
 */
export const startApi = (env: Env, bun?: string): Promise<ServiceProcess> =>
  startService('src/server.ts', env, (port) => ({ PORT: String(port) }), '/readyz', bun)

/** Starts `bun worker.ts` on a free metrics port; resolves when it answers. */
export const startWorker = (env: Env): Promise<ServiceProcess> =>
  startService('worker.ts', env, (port) => ({ WORKER_METRICS_PORT: String(port) }), '/healthz')

async function startService(
  entry: string,
  env: Env,
  ports: (port: number) => Env,
  readyPath: string,
  bun?: string,
) {
  const port = await anyFreePort()
  const child = start([entry], { ...env, HOST: '127.0.0.1', LOG_LEVEL: 'info', ...ports(port) }, bun)
  const output = collect(child)
  const url = `http://127.0.0.1:${port}`
  const isReady = async () => {
    if (child.hasExited()) throw new Error(`${entry} ended at its start:\n${output.join('\n')}`)
    return fetch(`${url}${readyPath}`, { keepalive: false }).then(
      (answer) => answer.ok,
      () => false,
    )
  }
  await until(`${entry} to be ready`, isReady, READY_MS_MAX)
  return {
    url,
    pid: child.pid,
    output,
    lines: () => output.map((line) => JSON.parse(line) as LogLine),
    hasExited: child.hasExited,
    async kill(signal: NodeJS.Signals) {
      const code = await child.stop(signal, 15_000)
      // The last lines may still be on their way.
      await until('the output to end', () => output.isWhole)
      return code
    },
  }
}

/** Runs `bun worker.ts --once` to its end. */
export async function runWorkerOnce(env: Env): Promise<{ code: number; lines: LogLine[] }> {
  const { code, output } = await runToEnd(['worker.ts', '--once'], { ...env, LOG_LEVEL: 'info' })
  return { code, lines: output.map((line) => JSON.parse(line) as LogLine) }
}

/** Runs a script of the project to its end. */
export async function runToEnd(command: string[], env: Env): Promise<{ code: number; output: string[] }> {
  const child = start(command, env)
  const output = collect(child)
  const code = await child.exited
  // The last lines may still be on their way.
  await until('the output to end', () => output.isWhole)
  return { code, output }
}

function start(command: string[], env: Env, bun = process.execPath): Child {
  const [entry = '', ...rest] = command
  return startChild({
    name: entry,
    command: [bun, '--no-env-file', entry, ...rest],
    cwd: PROJECT_DIR,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    output: 'pipe',
  })
}

type Output = string[] & { isWhole: boolean }

function collect(child: Child): Output {
  const output: Output = Object.assign([], { isWhole: false })
  const readAll = async (stream: ReadableStream<Uint8Array> | null) => {
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of stream ?? []) {
      const lines = (text + decoder.decode(chunk, { stream: true })).split('\n')
      text = lines.pop() ?? ''
      output.push(...lines.filter((line) => line !== ''))
    }
    if (text !== '') output.push(text)
  }
  void Promise.all([readAll(child.stdout), readAll(child.stderr)]).finally(() => {
    output.isWhole = true
  })
  return output
}
