/** Finds redis-server, or unpacks Debian's package for this project alone: nothing is installed, no service starts. */

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export type RedisProgram = Readonly<{ path: string; libraryPath: string | null }>

const TOOLS = join(import.meta.dir, '..', '.tools')
const HELP = 'put redis-server or valkey-server (7 or newer) on the PATH, or give REDIS_URL'

/**
 * @param log told when packages are fetched, as that takes some seconds
 * @returns the program, and where its libraries lie when they are not the system's
 * @throws with what a person can do when there is neither a server nor apt-get to get one
 */
export async function findRedisProgram(log: (line: string) => void): Promise<RedisProgram> {
  const onPath = Bun.which('redis-server') ?? Bun.which('valkey-server')
  if (onPath) return { path: onPath, libraryPath: null }
  return unpackedProgram() ?? (await unpackFromDebian(log))
}

function unpackedProgram(): RedisProgram | null {
  const root = join(TOOLS, 'redis')
  // The server and its checker are one program that looks at its own name.
  const path = join(root, 'usr/bin/redis-server')
  if (!existsSync(path)) return null
  const libraries = join(root, 'usr/lib')
  const folders = existsSync(libraries) ? readdirSync(libraries).map((name) => join(libraries, name)) : []
  return { path, libraryPath: [libraries, ...folders].join(':') }
}

async function unpackFromDebian(log: (line: string) => void): Promise<RedisProgram> {
  if (!Bun.which('apt-get') || !Bun.which('dpkg-deb'))
    throw new Error(`There is no redis-server here: ${HELP}`)
  log('fetching redis-server with apt-get into .tools/ (once)')
  const work = join(TOOLS, `redis.${process.pid}`)
  try {
    for (const folder of ['lists/partial', 'archives/partial', 'root'])
      mkdirSync(join(work, folder), { recursive: true })
    const apt = ['apt-get', '-qq', '-y', ...ownFolders(work)]
    await run([...apt, 'update'])
    const wanted = [
      '--download-only',
      '--no-install-recommends',
      '--reinstall',
      'redis-server',
      'redis-tools',
    ]
    await run([...apt, 'install', ...wanted])
    const archives = readdirSync(join(work, 'archives')).filter((name) => name.endsWith('.deb'))
    for (const name of archives)
      await run(['dpkg-deb', '-x', join(work, 'archives', name), join(work, 'root')])
    rmSync(join(TOOLS, 'redis'), { recursive: true, force: true })
    renameSync(join(work, 'root'), join(TOOLS, 'redis'))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  const program = unpackedProgram()
  if (program === null) throw new Error(`Debian's redis-server package holds no server: ${HELP}`)
  return program
}

/** With lists and archives of our own apt-get needs no rights and no lock of the system's. */
function ownFolders(work: string): string[] {
  const options = {
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache::archives': join(work, 'archives'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': '',
  }
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

async function run(command: string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const child = Bun.spawn(command, {
    env,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    timeout: 180_000,
  })
  const errors = await new Response(child.stderr).text()
  const code = await child.exited
  if (code !== 0)
    throw new Error(`${command[0]} could not get redis-server (${code}): ${HELP}\n${errors.trim()}`)
}
