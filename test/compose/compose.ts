import { join } from 'node:path'

const ROOT = join(import.meta.dir, '../..')
const WAIT_MS_MAX = 60_000

/** Runs a command to its end. @returns what it wrote to stdout. @throws Error with its stderr when it fails */
export async function run(...command: string[]): Promise<string> {
  const child = Bun.spawn(command, { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}: ${errors || output}`)
  return output.trim()
}

/** The containers of a service that run, by id. */
export async function containersOf(service: string): Promise<string[]> {
  return (await run('docker', 'compose', 'ps', '-q', '--status', 'running', service))
    .split('\n')
    .filter(Boolean)
}

/** @returns how long the condition took to hold. @throws Error when it does not within a minute */
export async function waitUntil(what: string, holds: () => Promise<boolean>): Promise<number> {
  const started = performance.now()
  while (!(await holds())) {
    if (performance.now() - started > WAIT_MS_MAX) throw new Error(`${what}: not within a minute`)
    await Bun.sleep(100)
  }
  return performance.now() - started
}

export async function isHealthy(container: string): Promise<boolean> {
  return (await run('docker', 'inspect', '-f', '{{.State.Health.Status}}', container)) === 'healthy'
}
