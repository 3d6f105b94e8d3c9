import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { startChild } from '../../dev/children.ts'
import { anyFreePort } from '../../dev/ports.ts'
import { until } from './until'

export type PgBouncer = Readonly<{ url: string; stop(): Promise<void> }>

/**
 * PgBouncer in transaction mode in front of one database, on a free port of the loopback.
 *
 * @param more lines of its settings
 */
export async function startPgBouncer(databaseUrl: string, more: readonly string[] = []): Promise<PgBouncer> {
  const program = await findProgram()
  const target = new URL(databaseUrl)
  const database = target.pathname.slice(1)
  const [port, dir] = [await anyFreePort(), mkdtempSync(join(tmpdir(), 'stories-pgbouncer-'))]
  const settings = `[databases]
${database} = host=${target.hostname} port=${target.port} dbname=${database} user=${target.username} password=${target.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
# Every instance of a test file has a pool of its own.
max_client_conn = 800
${more.join('\n')}
`
  chmodSync(dir, 0o755)
  writeFileSync(join(dir, 'pgbouncer.ini'), settings, { mode: 0o644 })
  // It refuses to run as root.
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = startChild({
    name: 'pgbouncer',
    command: [program, ...asNobody, join(dir, 'pgbouncer.ini')],
    output: 'ignore',
  })
  const url = Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href
  await until('PgBouncer to answer', async () => {
    if (child.hasExited()) throw new Error('PgBouncer ended while starting')
    const sql = postgres(url, { max: 1, prepare: false, connect_timeout: 1, onnotice: () => undefined })
    return sql`select 1`.then(
      () => sql.end({ timeout: 1 }).then(() => true),
      () => sql.end({ timeout: 0 }).then(() => false),
    )
  })
  return {
    url,
    async stop() {
      await child.stop('SIGINT')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** @throws Error saying what to install, where it cannot be installed from here */
async function findProgram(): Promise<string> {
  const places = { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` }
  const found = Bun.which('pgbouncer', places)
  if (found !== null) return found
  if (process.getuid?.() === 0 && Bun.which('apt-get') !== null) {
    await Bun.$`apt-get install -y -q pgbouncer || (apt-get update -q && apt-get install -y -q pgbouncer)`.quiet()
  }
  const installed = Bun.which('pgbouncer', places)
  if (installed === null) throw new Error('pgbouncer is needed: apt-get install pgbouncer')
  return installed
}
