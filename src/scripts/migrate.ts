import { ConfigError, parseConfig } from '../config'
import { migrateDatabase } from '../platform/database/migrate'

/** Applies all migrations that are missing; safe to run by several processes at once. */

try {
  const config = parseConfig(process.env)
  await migrateDatabase(config.databaseMigrationUrl)
  console.log(JSON.stringify({ event: 'migrated' }))
} catch (error) {
  console.error(error instanceof ConfigError || error instanceof Error ? error.message : error)
  process.exit(1)
}
