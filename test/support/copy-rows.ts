import type postgres from 'postgres'

const TABLES = [
  'users',
  'follows',
  'stories',
  'story_audience',
  'story_views',
  'reactions',
  'story_counters',
  'author_days',
  'author_viewers',
]

/** Makes another database a copy of one as it is at this moment, without triggers counting again; events are left out. */
export async function copyRows(from: postgres.Sql, to: postgres.Sql): Promise<void> {
  await to.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    for (const table of TABLES) {
      const columns = await sql<{ name: string }[]>`
        select column_name as name from information_schema.columns
        where table_schema = 'public' and table_name = ${table} and is_generated = 'NEVER'`
      const list = columns.map(({ name }) => name).join(', ')
      const [rows] = await from.unsafe(`select coalesce(json_agg(t), '[]')::text as json from ${table} t`)
      await sql.unsafe(
        `insert into ${table} (${list}) select ${list} from json_populate_recordset(null::${table}, $1::text::json)`,
        [rows?.json],
      )
    }
  })
}
