/** A database for each test file: one template is migrated once, and copied in a moment. */
import postgres from 'postgres'
import { MIGRATIONS_FOLDER, migrateDatabase } from '../../src/platform/database/migrate'
import { testStack } from './services'
import { until } from './until'

export type TestDatabase = Readonly<{
  url: string
  /** Plain SQL beside the service, as the database's owner. */
  sql: postgres.Sql
  /** @throws Error naming what is still connected */
  drop(): Promise<void>
}>

const SLOT = Symbol.for('stories.test-template')
const shared = globalThis as { [SLOT]?: Promise<string>; [COUNT]?: number }
const COUNT = Symbol.for('stories.test-databases')
/** Any number; it names the lock under which test processes make the template. */
const LOCK_ID = 4_811_902_337

const urlOf = (base: string, name: string) => Object.assign(new URL(base), { pathname: `/${name}` }).href
const open = (url: string) => postgres(url, { max: 2, onnotice: () => undefined })

/** A database with all migrations, copied from the template; with `empty`, one with nothing in it. */
export async function createDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const { databaseUrl } = await testStack()
  shared[SLOT] ??= makeTemplate(databaseUrl)
  const template = options.empty ? 'template0' : await shared[SLOT]
  shared[COUNT] = (shared[COUNT] ?? 0) + 1
  const name = `stories_test_${process.pid}_${shared[COUNT]}`
  await asAdmin(databaseUrl, (admin) => admin`create database ${admin(name)} template ${admin(template)}`)
  const url = urlOf(databaseUrl, name)
  const sql = open(url)
  return {
    url,
    sql,
    async drop() {
      await sql.end({ timeout: 2 })
      const left = await asAdmin(databaseUrl, async (admin) => {
        const connections = () =>
          admin<{ name: string; state: string; query: string }[]>`
            select application_name as name, state, query from pg_stat_activity
            where datname = ${name} and backend_type = 'client backend'`
        // A connection that was closed a moment ago may still be seen; autovacuum comes and goes by itself.
        await until('the connections to end', async () => (await connections()).length === 0).catch(() => {})
        const rows = await connections()
        await admin`drop database ${admin(name)} with (force)`
        return rows
      })
      if (left.length > 0) throw new Error(`Connections were left open: ${JSON.stringify(left)}`)
    },
  }
}

/** Named by the migrations' content, so that processes on one stack share it and another version has its own. */
async function makeTemplate(databaseUrl: string): Promise<string> {
  const name = `stories_template_${await hashMigrations()}`
  await asAdmin(databaseUrl, async (admin) => {
    await admin`select pg_advisory_lock(${LOCK_ID})`
    if ((await admin`select 1 from pg_database where datname = ${name}`).length > 0) return
    const draft = `${name}_draft`
    await admin`drop database if exists ${admin(draft)} with (force)`
    await admin`create database ${admin(draft)} template template0`
    await migrateDatabase(urlOf(databaseUrl, draft))
    await until('the migration to let go', async () => {
      const users = await admin`select 1 from pg_stat_activity where datname = ${draft}`
      return users.length === 0
    })
    await admin`alter database ${admin(draft)} rename to ${admin(name)}`
  })
  return name
}

async function hashMigrations(): Promise<string> {
  const hasher = new Bun.CryptoHasher('sha256')
  for (const file of [...new Bun.Glob('*.sql').scanSync(MIGRATIONS_FOLDER)].sort()) {
    hasher.update(await Bun.file(`${MIGRATIONS_FOLDER}/${file}`).text())
  }
  return hasher.digest('hex').slice(0, 12)
}

async function asAdmin<T>(databaseUrl: string, work: (admin: postgres.Sql) => Promise<T>): Promise<T> {
  const admin = postgres(databaseUrl, { max: 1, onnotice: () => undefined })
  try {
    return await work(admin)
  } finally {
    await admin.end({ timeout: 2 })
  }
}
