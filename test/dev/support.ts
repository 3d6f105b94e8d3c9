/** Folders and processes for the tests of the development tools. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identityOf } from '../../dev/process-table.ts'

/** A new folder, and `drop` to remove it with all that is in it. */
export function temporaryFolder(): { dir: string; drop: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'stories-test-'))
  return { dir, drop: () => rmSync(dir, { recursive: true, force: true }) }
}

/** Every process below `pid` that still runs. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const child = Number(name)
    if (!Number.isInteger(child)) continue
    try {
      const stat = readFileSync(`/proc/${child}/stat`, 'utf8')
      parents.set(child, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended while we were looking.
    }
  }
  const below = (parent: number): number[] =>
    [...parents].flatMap(([child, its]) => (its === parent ? [child, ...below(child)] : []))
  return below(pid)
}

/** Null while one of the processes runs; for `waitFor`. */
export async function whenGone(pids: readonly number[]): Promise<true | null> {
  return pids.every((pid) => identityOf(pid) === null) ? true : null
}
