/** A PostgreSQL of our own: the binaries npm ships, a free port on the loopback, data in a folder. */

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { type Child, type RunAs, startChild } from './children.ts'
import { startOnFreePort } from './ports.ts'
import { chooseDatabaseUser, findPostgresPrograms } from './postgres-binaries.ts'
import { endLeftOver } from './process-table.ts'
import { waitFor } from './wait-for.ts'

export type PostgresOptions = Readonly<{
  /** The cluster lives in `<dir>/postgres`, its log in `<dir>/postgres.log`. */
  dir: string
  password: string
  /** Nobody needs the data after a crash: no syncing to disk. */
  throwAway: boolean
  preferredPort: number | null
}>

export type PostgresServer = Readonly<{ url: string; child: Child; stop(): Promise<void> }>

const DATABASE = 'stories'
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  timezone: 'UTC',
  log_timezone: 'UTC',
}
const THROW_AWAY_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
}

/**
 * Starts the database server and makes sure the database `stories` is there; a cluster that an earlier run left
 * behind, running or crashed, is taken over.
 *
 * @throws with the end of the server's log when it does not come up
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const programs = findPostgresPrograms()
  const dataDir = join(options.dir, 'postgres')
  const runAs = chooseDatabaseUser(dataDir, [programs, options.dir])
  if (existsSync(join(dataDir, 'PG_VERSION'))) await releaseDataFolder(dataDir)
  else await createCluster(programs, dataDir, options, runAs)
  const child = await startOnFreePort(options.preferredPort, (port) =>
    startServer(programs, dataDir, port, options, runAs),
  )
  return { url: child.url, child: child.child, stop: () => stopServer(child.child) }
}

async function createCluster(
  programs: string,
  dataDir: string,
  options: PostgresOptions,
  runAs: RunAs | null,
) {
  // Made under another name, so that a half-made cluster is never taken for a whole one.
  const draft = `${dataDir}.new`
  const passwordFile = join(options.dir, 'postgres.password')
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true, mode: 0o700 })
  writeFileSync(passwordFile, options.password, { mode: 0o600 })
  if (runAs) for (const path of [draft, passwordFile]) chownSync(path, runAs.uid, runAs.gid)
  const settings = [
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-sync',
    '--no-instructions',
  ]
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const logFile = join(options.dir, 'postgres.log')
  const initdb = startChild({
    name: 'initdb',
    command: [
      join(programs, 'initdb'),
      `--pgdata=${draft}`,
      `--pwfile=${passwordFile}`,
      ...settings,
      ...locale,
    ],
    cwd: '/',
    runAs,
    output: { file: logFile },
  })
  const code = await initdb.exited
  rmSync(passwordFile, { force: true })
  if (code !== 0) throw new Error(`initdb ended with ${code}\n${readTail(logFile)}`)
  chmodSync(draft, 0o700)
  renameSync(draft, dataDir)
}

/** After an unclean end the lock file names a server that still runs, nobody, or a stranger who got its number. */
async function releaseDataFolder(dataDir: string): Promise<void> {
  const lockFile = join(dataDir, 'postmaster.pid')
  if (!existsSync(lockFile)) return
  const pid = Number.parseInt(readFileSync(lockFile, 'utf8'), 10)
  if (pid > 0) await endLeftOver(pid, dataDir, 'SIGINT')
  rmSync(lockFile, { force: true })
}

async function startServer(
  programs: string,
  dataDir: string,
  port: number,
  options: PostgresOptions,
  runAs: RunAs | null,
) {
  const settings = { ...SETTINGS, ...(options.throwAway ? THROW_AWAY_SETTINGS : {}), port: String(port) }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const logFile = join(options.dir, 'postgres.log')
  const child = startChild({
    name: 'postgres',
    command: [join(programs, 'postgres'), '-D', dataDir, ...flags],
    cwd: '/',
    deathSignal: 'INT',
    runAs,
    output: { file: logFile },
  })
  const urlOf = (database: string) => `postgres://postgres:${options.password}@127.0.0.1:${port}/${database}`
  try {
    await waitFor(() => ensureDatabase(urlOf('postgres')), {
      what: 'PostgreSQL',
      timeoutMs: 60_000,
      gaveUp: () => (child.hasExited() ? `it ended while starting\n${readTail(logFile)}` : null),
    })
  } catch (error) {
    await stopServer(child)
    throw error
  }
  return { child, url: urlOf(DATABASE) }
}

async function ensureDatabase(adminUrl: string): Promise<true> {
  const sql = postgres(adminUrl, { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    const found = await sql`select 1 from pg_database where datname = ${DATABASE}`
    if (found.length === 0) await sql`create database ${sql(DATABASE)}`
    return true
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function stopServer(child: Child): Promise<void> {
  // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
  await child.stop('SIGINT', 15_000)
}

function readTail(file: string, lines = 15): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : ''
}
