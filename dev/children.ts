/** Child processes that never outlive us: own session, signalled by the kernel when this process dies. */

import { closeSync, openSync } from 'node:fs'

export type RunAs = Readonly<{ uid: number; gid: number; crossesClosedFolders: boolean }>

export type ChildOptions = Readonly<{
  name: string
  command: readonly string[]
  cwd?: string
  env?: Record<string, string | undefined>
  /** Sent when this process dies without having stopped the child. */
  deathSignal?: 'INT' | 'TERM'
  runAs?: RunAs | null
  /** Output goes to this file, to pipes that the caller reads, or nowhere. */
  output: { file: string } | 'pipe' | 'ignore'
  stdin?: string
}>

export type Child = Readonly<{
  name: string
  pid: number
  command: readonly string[]
  stdout: ReadableStream<Uint8Array> | null
  stderr: ReadableStream<Uint8Array> | null
  /** Exit code; 128 and more when a signal ended it. */
  exited: Promise<number>
  hasExited(): boolean
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<number>
}>

const SETPRIV = process.platform === 'linux' ? Bun.which('setpriv') : null

/**
 * Starts a child in a session of its own, so that a Ctrl-C of the terminal reaches only us and we can end
 * the children in order.
 *
 * @throws when the command cannot be started, or another user is wanted and `setpriv` is missing
 */
export function startChild(options: ChildOptions): Child {
  const file = typeof options.output === 'object' ? openSync(options.output.file, 'a', 0o600) : null
  const target = file ?? (options.output === 'pipe' ? 'pipe' : 'ignore')
  try {
    const spawned = Bun.spawn([...privileges(options), ...options.command], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdin: options.stdin === undefined ? 'ignore' : Buffer.from(options.stdin),
      stdout: target,
      stderr: target,
      detached: true,
    })
    return describeChild(options, spawned)
  } finally {
    if (file !== null) closeSync(file)
  }
}

function privileges({ deathSignal = 'TERM', runAs }: ChildOptions): string[] {
  if (SETPRIV === null) {
    if (runAs) throw new Error('setpriv (package util-linux) is needed to run PostgreSQL when you are root')
    return []
  }
  if (!runAs) return [SETPRIV, `--pdeathsig=${deathSignal}`]
  const capability = runAs.crossesClosedFolders
    ? ['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--securebits=+no_setuid_fixup']
    : []
  const user = [`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, '--clear-groups']
  return [SETPRIV, ...user, ...capability, `--pdeathsig=${deathSignal}`]
}

function describeChild({ name, command }: ChildOptions, spawned: Bun.Subprocess): Child {
  const exited = spawned.exited.then((code) => (spawned.signalCode === null ? code : Math.max(code, 128)))
  const hasExited = () => spawned.exitCode !== null || spawned.signalCode !== null
  const stream = (value: unknown) => (value instanceof ReadableStream ? value : null)
  return {
    name,
    pid: spawned.pid,
    command,
    stdout: stream(spawned.stdout),
    stderr: stream(spawned.stderr),
    exited,
    hasExited,
    async stop(signal = 'SIGTERM', graceMs = 10_000) {
      if (hasExited()) return exited
      spawned.kill(signal)
      const killer = setTimeout(() => spawned.kill('SIGKILL'), graceMs)
      const code = await exited
      clearTimeout(killer)
      return code
    },
  }
}
