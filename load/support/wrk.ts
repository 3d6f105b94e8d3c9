import { join } from 'node:path'

export type WrkReport = Readonly<{
  requestsPerSecond: number
  requests: number
  errors: number
  p50Ms: number
  p99Ms: number
}>

/**
 * Runs wrk with one thread and a script of this folder that reads its requests from a file.
 *
 * @param requestsFile one request a line: method, path and token, separated by blanks
 * @throws when wrk fails, or an answer was not 2xx
 */
export async function runWrk(options: {
  url: string
  connections: number
  seconds: number
  requestsFile: string
}): Promise<WrkReport> {
  const script = join(import.meta.dir, 'requests.lua')
  const child = Bun.spawn(
    ['wrk', '-t1', `-c${options.connections}`, `-d${options.seconds}s`, '-s', script, options.url],
    { env: { ...process.env, WRK_REQUESTS: options.requestsFile }, stdout: 'pipe', stderr: 'inherit' },
  )
  const text = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error(`wrk failed: ${text}`)
  const line = text.split('\n').findLast((item) => item.startsWith('{'))
  if (line === undefined) throw new Error(`wrk said nothing: ${text}`)
  const said = JSON.parse(line) as { requests: number; us: number; errors: number; p50: number; p99: number }
  if (said.errors > said.requests / 1000)
    throw new Error(`${said.errors} of ${said.requests} requests failed`)
  return {
    requestsPerSecond: (said.requests / said.us) * 1e6,
    requests: said.requests,
    errors: said.errors,
    p50Ms: said.p50 / 1000,
    p99Ms: said.p99 / 1000,
  }
}
