/** The service's own processes: API instances and workers, started, watched by their log, killed. */

import { type Child, startChild } from '../../../dev/children.ts'
import { PROJECT_DIR } from '../../../dev/data-folder.ts'
import { anyFreePort } from '../../../dev/ports.ts'
import { waitFor } from '../../../dev/wait-for.ts'
import { WIDE_LIMITS } from '../../../dev/wide-limits.ts'

export type LogLine = Readonly<Record<string, unknown> & { event?: string; level?: string }>

export type Process = Readonly<{
  url: string
  pid: number
  child: Child
  /** Everything but access lines below 500, as far as it was written. */
  lines: LogLine[]
  /** All output as text, access lines too. */
  text(): string
  metric(name: string): Promise<number>
  stop(): Promise<number>
  kill(): Promise<number>
}>

export const JWT_SECRET = 'resilience-tests-only-resilience-tests-only'

type Env = Readonly<Record<string, string>>

function launch(name: string, entry: string, env: Env, url: string): Process {
  const child = startChild({
    name,
    command: [process.execPath, '--no-env-file', entry],
    cwd: PROJECT_DIR,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...WIDE_LIMITS,
      JWT_SECRET,
      HOST: '127.0.0.1',
      ...env,
    },
    output: 'pipe',
  })
  const lines: LogLine[] = []
  const texts: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null)
      void readLines(stream, (line) => {
        texts.push(line)
        const parsed = parseLine(line)
        if (parsed.event !== 'http_request' || Number(parsed.status) >= 500) lines.push(parsed)
      })
  }
  return {
    url,
    pid: child.pid,
    child,
    lines,
    text: () => texts.join('\n'),
    metric: (series) => readMetric(url, series),
    stop: () => child.stop('SIGTERM', 15_000),
    kill: () => child.stop('SIGKILL'),
  }
}

/** An API process, ready unless `waitReady` is false. */
export async function startApi(env: Env, waitReady = true): Promise<Process> {
  const port = env.PORT ?? String(await anyFreePort())
  const api = launch('api', 'src/server.ts', { ...env, PORT: port }, `http://127.0.0.1:${port}`)
  if (!waitReady) return api
  await waitFor(async () => ((await fetch(`${api.url}/readyz`)).ok ? true : null), {
    what: 'API process',
    timeoutMs: 30_000,
    gaveUp: () => (api.child.hasExited() ? `it ended: ${api.text()}` : null),
  })
  return api
}

/** A worker process, listening. */
export async function startWorker(env: Env): Promise<Process> {
  const port = String(await anyFreePort())
  const worker = launch(
    'worker',
    'worker.ts',
    { ...env, WORKER_METRICS_PORT: port },
    `http://127.0.0.1:${port}`,
  )
  await waitFor(async () => ((await fetch(`${worker.url}/metrics`)).ok ? true : null), {
    what: 'worker',
    timeoutMs: 30_000,
    gaveUp: () => (worker.child.hasExited() ? `it ended: ${worker.text()}` : null),
  })
  return worker
}

async function readMetric(url: string, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const found = text.split('\n').filter((line) => line.startsWith(series) && !line.startsWith('#'))
  return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

async function readLines(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) take(line)
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line)
  } catch {
    return { event: 'not_json', text: line }
  }
}
