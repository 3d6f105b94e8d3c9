/** `.data/`: one run at a time holds it, and `stack.json` in it tells others where that run's stack is. */

import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { identityOf } from './process-table.ts'

export const PROJECT_DIR = resolve(import.meta.dir, '..')
/** DEV_DATA_DIR puts it elsewhere, for a second copy beside the first. */
export const DATA_DIR = resolve(PROJECT_DIR, process.env.DEV_DATA_DIR || '.data')

export type StackFile = Readonly<{
  /** The process that holds the folder, and when it was started, as numbers are given out again. */
  pid: number
  identity: string
  /** The service's variables; null until the stack is up. */
  env: Record<string, string> | null
  /** Where the client is; null when only the stack runs. */
  clientUrl: string | null
}>

/** Thrown when another living run holds the data folder. */
export class FolderInUseError extends Error {
  constructor(readonly holder: StackFile) {
    super(`the data folder is in use by process ${holder.pid}`)
    this.name = 'FolderInUseError'
  }
}

/** The run that holds the folder now, or null; what a killed run left is nobody's. */
export function readHolder(dataDir: string): StackFile | null {
  try {
    const file: StackFile = JSON.parse(readFileSync(join(dataDir, 'stack.json'), 'utf8'))
    return identityOf(file.pid) === file.identity ? file : null
  } catch {
    return null
  }
}

/**
 * Takes the folder for this process, making it when it is not there.
 *
 * @returns `publish` to tell others what runs, `release` to give the folder back
 * @throws FolderInUseError
 */
export function holdFolder(dataDir: string) {
  mkdirSync(dataDir, { recursive: true })
  chmodSync(dataDir, 0o711)
  const path = join(dataDir, 'stack.json')
  const mine: StackFile = {
    pid: process.pid,
    identity: identityOf(process.pid) ?? '',
    env: null,
    clientUrl: null,
  }
  const holder = readHolder(dataDir)
  if (holder) throw new FolderInUseError(holder)
  rmSync(path, { force: true })
  try {
    writeFileSync(path, JSON.stringify(mine), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    // Another run was quicker by a moment.
    const winner = readHolder(dataDir)
    throw winner ? new FolderInUseError(winner) : error
  }
  return {
    publish(told: Pick<StackFile, 'env' | 'clientUrl'>): void {
      writeFileSync(`${path}.new`, JSON.stringify({ ...mine, ...told }, null, 2), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
    release(): void {
      if (existsSync(path) && readHolder(dataDir)?.pid === process.pid) rmSync(path, { force: true })
    },
  }
}
