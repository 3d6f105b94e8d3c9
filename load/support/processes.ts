import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../../dev/children.ts'
import { anyFreePort } from '../../dev/ports.ts'

export const PROJECT_DIR = join(import.meta.dir, '../..')

export type ApiProcess = Readonly<{
  url: string
  port: number
  pid: number
  /** Milliseconds from the start of the process to its first 200 on the ready path. */
  readyAfterMs: number
  rssBytes(): number
  stop(): Promise<number>
}>

const READY_WITHIN_MS = 20_000

/**
 * Starts a server that takes its port from `PORT`, and waits for it.
 *
 * @throws with the end of its log when it does not come up
 */
export async function startProcess(options: {
  command: readonly string[]
  env: Record<string, string>
  logFile: string
  readyPath?: string
}): Promise<ApiProcess> {
  const port = await anyFreePort()
  const url = `http://127.0.0.1:${port}`
  const startedMs = performance.now()
  const child = startChild({
    name: options.command.join(' '),
    command: options.command,
    cwd: PROJECT_DIR,
    env: { ...options.env, PORT: String(port) },
    output: { file: options.logFile },
  })
  for (;;) {
    const answer = await fetch(url + (options.readyPath ?? '/readyz')).catch(() => null)
    await answer?.arrayBuffer()
    if (answer?.status === 200) break
    if (child.hasExited() || performance.now() - startedMs > READY_WITHIN_MS) {
      await child.stop()
      throw new Error(`${child.name} did not come up:\n${readFileSync(options.logFile, 'utf8').slice(-2000)}`)
    }
    await Bun.sleep(2)
  }
  return {
    url,
    port,
    pid: child.pid,
    readyAfterMs: performance.now() - startedMs,
    rssBytes: () => rssBytesOf(child.pid),
    stop: () => child.stop('SIGTERM', 10_000),
  }
}

/** Resident memory of a process, in bytes (Linux). */
function rssBytesOf(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]
  return Number(pages) * 4096
}

/**
 * Makes sure that this process, and so its children, may hold that many sockets.
 *
 * @throws when the limit of the machine is lower
 */
export function needOpenFiles(count: number): void {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  if (soft < count) throw new Error(`this row needs ulimit -n of at least ${count}; it is ${soft}`)
}
