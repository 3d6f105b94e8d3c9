/** One of the service's processes under `make dev`: started, restarted when its code changes, ended in order. */

import { type Child, startChild } from './children.ts'
import type { Console } from './console.ts'
import { readLines } from './console.ts'

export type ServiceOptions = Readonly<{
  name: string
  command: readonly string[]
  cwd: string
  env: Record<string, string | undefined>
  console: Console
}>

export type Service = Readonly<{
  /** Resolves with a message when the process ends by itself, unless an edit broke it. */
  ended: Promise<string>
  hasEnded(): boolean
  restart(): Promise<void>
  stop(): Promise<void>
}>

const STOP_MS = 10_000
const BROKEN_BY_EDIT_MS = 10_000

/** Starts the process; the returned service owns it until `stop`. */
export function startService(options: ServiceOptions): Service {
  const { name, console } = options
  let message: string | null = null
  let isStopping = false
  let restarting: Promise<void> = Promise.resolve()
  const { promise: ended, resolve: end } = Promise.withResolvers<string>()

  const launch = (isReload: boolean): Child => {
    const startedAtMs = performance.now()
    const child = startChild({ ...options, output: 'pipe' })
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) void readLines(stream, (line) => console.child(name, line))
    }
    void child.exited.then((code) => {
      if (isStopping || child !== current) return
      // While somebody is typing, code that does not start is normal: the next change tries again.
      if (isReload && performance.now() - startedAtMs < BROKEN_BY_EDIT_MS) {
        console.child(name, `does not start (${code}); waiting for the next change`)
        return
      }
      message = `${name} ended by itself with ${code}`
      end(message)
    })
    return child
  }
  let current: Child | null = null
  current = launch(false)

  const replace = async () => {
    const before = current
    current = null
    await before?.stop('SIGTERM', STOP_MS)
    if (!isStopping) current = launch(true)
  }
  return {
    ended,
    hasEnded: () => message !== null,
    restart() {
      restarting = restarting.then(replace)
      return restarting
    },
    async stop() {
      isStopping = true
      await restarting
      await current?.stop('SIGTERM', STOP_MS)
    },
  }
}
