import { join } from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { monotonicMs } from '../../kernel/clock'
import { isHeldUp } from './failures'

export const MIGRATIONS_FOLDER = join(import.meta.dir, '../../../drizzle')

/** Any number that every process of this service agrees on; it names the lock in `pg_locks`. */
export const MIGRATION_LOCK_ID = 7_305_862_114

/**
 * All who want a table queue behind a migration that waits for it, so it waits for less than PostgreSQL looks for deadlocks
 * after (1 s), gives up everything, and begins anew.
 */
const LOCK_WAIT_MS = 200
const REST_MS = 1000
const TRY_MS_MAX = 300_000

/**
 * Applies what is missing of `drizzle/`, one process at a time: a second one waits for the advisory lock and then
 * finds nothing left to do. Where somebody holds a table for long it is tried again and again, all or nothing.
 *
 * @throws when it fails, or when the tables have not been free for five minutes
 * @param url a connection that keeps its session (not a transaction-mode pooler)
 */
export async function migrateDatabase(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 10, fetch_types: false })
  try {
    // The limits that its role may carry are meant for the service's statements.
    await sql`select set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`
    await sql`select pg_advisory_lock(${MIGRATION_LOCK_ID})`
    await sql`select set_config('lock_timeout', ${String(LOCK_WAIT_MS)}, false)`
    const giveUpAtMs = monotonicMs() + TRY_MS_MAX
    for (;;) {
      try {
        await migrate(drizzle({ client: sql }), { migrationsFolder: MIGRATIONS_FOLDER })
        return
      } catch (error) {
        if (!isHeldUp(error) || monotonicMs() > giveUpAtMs) throw error
        await Bun.sleep(REST_MS)
      }
    }
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** How many migrations a database must have applied before this code may use it. */
export const migrationCount = (): number => readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).length
