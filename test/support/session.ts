import postgres from 'postgres'
import { until } from './until'

/** A connection of its own, known by its number, so that others can see what it waits for. */
export type Session = Readonly<{ sql: postgres.Sql; pid: number }>

/** @param work the connection is closed when it is done, well or not */
export async function withSession(url: string, work: (session: Session) => Promise<void>): Promise<void> {
  const sql = postgres(url, { max: 1, fetch_types: false })
  try {
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    await work({ sql, pid: backend?.pid ?? 0 })
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** @param asker another connection, such as the one whose lock is waited for */
export const untilBlocked = (asker: postgres.TransactionSql, { pid }: Session): Promise<void> =>
  until('the session to wait for a lock', async () => {
    // A transaction goes on seeing what it saw the first time.
    await asker`select pg_stat_clear_snapshot()`
    const [state] = await asker`
      select 1 from pg_stat_activity where pid = ${pid} and wait_event_type = 'Lock'`
    return state !== undefined
  })
