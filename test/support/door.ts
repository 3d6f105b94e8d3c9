/** How the service under test reaches its database: straight, or through a pooler when the run asks for one. */
import { startPgBouncer } from './pgbouncer'

export type Door = Readonly<{
  /** The variables that lead the service there. */
  env: Readonly<Record<string, string>>
  close(): Promise<void>
}>

/** `TEST_POOLER=pgbouncer` puts PgBouncer in transaction mode between the service and its database. */
const isPooled = (): boolean => {
  const kind = process.env.TEST_POOLER || 'none'
  if (kind !== 'none' && kind !== 'pgbouncer')
    throw new Error(`TEST_POOLER is none or pgbouncer, not ${kind}`)
  return kind === 'pgbouncer'
}

/** @param databaseUrl the server itself, where tests look beside the service and migrations go */
export async function openDoor(databaseUrl: string): Promise<Door> {
  if (!isPooled()) return { env: { DATABASE_URL: databaseUrl }, close: async () => undefined }
  const pooler = await startPgBouncer(databaseUrl)
  return {
    env: { DATABASE_URL: pooler.url, DATABASE_PREPARE: 'false', DATABASE_MIGRATION_URL: databaseUrl },
    close: pooler.stop,
  }
}
