/** Looking at processes we did not start: those that an earlier, killed run left behind. */

import { readFileSync } from 'node:fs'

/** The command line of a running process, or null when there is none of that number. */
export function commandOf(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || null
    } catch {
      return null
    }
  }
  const asked = Bun.spawnSync(['ps', '-o', 'command=', '-p', String(pid)])
  return asked.success ? asked.stdout.toString().trim() || null : null
}

/** Tells whether the process runs and its command line holds `part`: a number alone may be somebody else's by now. */
export function isRunning(pid: number, part: string): boolean {
  return commandOf(pid)?.includes(part) ?? false
}

/** Ends a left-over process, first politely; does nothing when its command line does not hold `part`. */
export async function endLeftOver(
  pid: number,
  part: string,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<boolean> {
  if (!isRunning(pid, part)) return false
  send(pid, signal)
  for (let waitedMs = 0; isRunning(pid, part); waitedMs += 50) {
    if (waitedMs >= 10_000) send(pid, 'SIGKILL')
    if (waitedMs >= 15_000) return false
    await Bun.sleep(50)
  }
  return true
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in between.
  }
}

/** Tells one process from another that gets its number later: its start time. Null when there is none. */
export function identityOf(pid: number): string | null {
  if (process.platform !== 'linux') {
    const asked = Bun.spawnSync(['ps', '-o', 'lstart=', '-p', String(pid)])
    return asked.success ? asked.stdout.toString().trim() || null : null
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces; state is the first field after it, the start time the twentieth.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}
