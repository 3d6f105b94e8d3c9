import { sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'

export function createHealthStore(db: Db) {
  return {
    /** How many migrations have been applied. */
    async countMigrations(): Promise<number> {
      // In a transaction, as a pool that cannot commit safely is not ready.
      const rows = await db.transaction((tx) =>
        tx.execute<{ count: number }>(sql`select count(*)::int as count from drizzle.__drizzle_migrations`),
      )
      return rows[0]?.count ?? 0
    },
  }
}
