import postgres from 'postgres'

export type LockWaits = Readonly<{ samples: number; seen: number; behindWorker: readonly string[] }>

const EVERY_MS = 10

/** Looks a hundred times a second for sessions that wait for a lock, and for whose; `stop` tells what was seen. */
export function watchLocks(databaseUrl: string): { stop(): Promise<LockWaits> } {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined, fetch_types: false })
  let stopping = false
  const waits = { samples: 0, seen: 0, behindWorker: [] as string[] }
  const watch = async () => {
    while (!stopping) {
      const rows = await sql<{ waiting: string; query: string; is_worker: boolean }[]>`
        select a.application_name as waiting, left(a.query, 200) as query, coalesce(bool_or(b.application_name = 'worker'), false) as is_worker
        from pg_stat_activity a
        left join lateral unnest(pg_blocking_pids(a.pid)) as p(pid) on true
        left join pg_stat_activity b on b.pid = p.pid
        where a.datname = current_database() and a.wait_event_type = 'Lock'
        group by a.pid, 1, 2`
      waits.samples++
      waits.seen += rows.length
      for (const row of rows)
        if (row.is_worker && row.waiting !== 'worker') waits.behindWorker.push(`${row.waiting}: ${row.query}`)
      await Bun.sleep(EVERY_MS)
    }
  }
  const watching = watch()
  return {
    async stop() {
      stopping = true
      await watching
      await sql.end({ timeout: 1 })
      return waits
    },
  }
}
