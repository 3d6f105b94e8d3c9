import { afterAll, describe, expect, test } from 'bun:test'
import { isReady } from '../../src/features/health/ready'
import { MIGRATION_LOCK_ID, migrateDatabase, migrationCount } from '../../src/platform/database/migrate'
import { useStage } from '../support/context'
import { createDatabase, type TestDatabase } from '../support/database'
import { runToEnd } from '../support/processes'
import { until } from '../support/until'

/** The schema as the brief draws it, and migrations that any number of processes may run. */

const stage = useStage()
const databases: TestDatabase[] = []
const emptyDatabase = async () => {
  const database = await createDatabase({ empty: true })
  databases.push(database)
  return database
}
afterAll(async () => {
  for (const database of databases) await database.drop()
})

const applied = async ({ sql }: TestDatabase) =>
  (await sql`select hash from drizzle.__drizzle_migrations`).length

describe('migrations', () => {
  test('run by two processes at once are applied once', async () => {
    const database = await emptyDatabase()
    const env = { ...stage.env(), DATABASE_URL: database.url, DATABASE_MIGRATION_URL: database.url }
    const runs = await Promise.all([1, 2].map(() => runToEnd(['src/scripts/migrate.ts'], env)))
    expect(runs.map(({ code, output }) => [code, output])).toEqual(
      [1, 2].map(() => [0, ['{"event":"migrated"}']]),
    )
    expect(await applied(database)).toBe(migrationCount())
  })

  test('run again change nothing', async () => {
    const database = await emptyDatabase()
    await migrateDatabase(database.url)
    const dump = async () =>
      JSON.stringify(
        await database.sql`
      select table_name, column_name, data_type, column_default from information_schema.columns
      where table_schema = 'public' order by 1, 2`,
      )
    const before = await dump()
    await migrateDatabase(database.url)
    expect(await dump()).toBe(before)
    expect(await applied(database)).toBe(migrationCount())
  })

  test('keep nobody waiting while they wait for a table themselves', async () => {
    const database = await emptyDatabase()
    const { sql } = database
    await migrateDatabase(database.url)
    // As before 0006, which renames triggers of `reactions`.
    await sql.unsafe(`
      delete from drizzle.__drizzle_migrations where id >= 7;
      drop index refresh_tokens_live;
      alter trigger reactions_changed_old on reactions rename to reactions_changed_from;
      alter trigger reactions_changed_new on reactions rename to reactions_changed_to`)
    const reader = await sql.reserve()
    await reader`begin`
    await reader`select 1 from reactions`
    let isMigrated = false
    const migrating = migrateDatabase(database.url).then(() => {
      isMigrated = true
    })
    await until('the migration to wait for the reader', async () => {
      const [row] = await sql`select count(*)::int as n from pg_locks where not granted and database =
        (select oid from pg_database where datname = current_database())`
      return row?.n > 0
    })
    await sql`select 1 from reactions for update`
    expect(isMigrated).toBe(false)
    await reader`commit`
    reader.release()
    await migrating
    expect(await applied(database)).toBe(migrationCount())
  })

  test('take as long as they need, whatever limit the database sets for statements', async () => {
    const database = await emptyDatabase()
    const name = new URL(database.url).pathname.slice(1)
    const holder = await database.sql.reserve()
    await holder`select pg_advisory_lock(${MIGRATION_LOCK_ID})`
    await holder.unsafe(`alter database ${name} set statement_timeout = '500ms'`)
    const migrating = migrateDatabase(database.url).then(
      () => 'migrated',
      (error: Error) => error.message,
    )
    await until('the migration to wait for longer than that', async () => {
      const waiting = await holder`select 1 from pg_stat_activity
        where datname = ${name} and wait_event_type = 'Lock' and clock_timestamp() > query_start + interval '600ms'`
      return waiting.length > 0 || Bun.peek.status(migrating) !== 'pending'
    })
    await holder.unsafe(`alter database ${name} reset statement_timeout`)
    await holder`select pg_advisory_unlock(${MIGRATION_LOCK_ID})`
    holder.release()
    expect(await migrating).toBe('migrated')
  })

  test('that are missing make the service not ready', async () => {
    const database = await emptyDatabase()
    const ctx = stage.realContext({ env: { DATABASE_URL: database.url } })
    expect(await isReady(ctx)).toBe(false)
    await migrateDatabase(database.url)
    expect(await isReady(ctx)).toBe(true)
    await ctx.database.close()
  })
})

describe('the schema', () => {
  const BRIEF = {
    users: ['id:uuid', 'email:text', 'password_hash:text', 'created_at:timestamptz'],
    follows: ['follower_id:uuid', 'followee_id:uuid', 'created_at:timestamptz'],
    stories: [
      'id:uuid',
      'author_id:uuid',
      'text:text',
      'media_key:text',
      'visibility:text',
      'created_at:timestamptz',
      'expires_at:timestamptz',
      'deleted_at:timestamptz',
    ],
    story_audience: ['story_id:uuid', 'user_id:uuid'],
    story_views: ['story_id:uuid', 'viewer_id:uuid', 'viewed_at:timestamptz'],
    reactions: ['id:uuid', 'story_id:uuid', 'user_id:uuid', 'emoji:text', 'created_at:timestamptz'],
  }

  test('has the tables and columns of the brief, and a default for every other column', async () => {
    const { sql } = stage.database()
    const rows = await sql<
      { t: string; c: string; type: string; fallback: string | null; nullable: string }[]
    >`
      select table_name as t, column_name as c, udt_name as type, column_default as fallback, is_nullable as nullable
      from information_schema.columns where table_schema = 'public' and is_generated = 'NEVER'`
    for (const [table, columns] of Object.entries(BRIEF)) {
      const found = rows.filter(({ t }) => t === table)
      expect(found.map(({ c, type }) => `${c}:${type}`)).toEqual(expect.arrayContaining(columns))
      const names = columns.map((column) => column.split(':')[0])
      const demanding = found.filter(
        ({ c, fallback, nullable }) => !names.includes(c) && fallback === null && nullable === 'NO',
      )
      expect(demanding).toEqual([])
    }
  })

  test('keeps every moment to the millisecond, as a cursor holds it', async () => {
    const moments = await stage.database().sql<{ moment: string; precision: number }[]>`
      select table_name || '.' || column_name as moment, datetime_precision as precision
      from information_schema.columns where table_schema = 'public' and data_type like 'timestamp%'`
    expect(moments.map(({ moment }) => moment)).toContain('stories.created_at')
    expect(moments.filter(({ precision }) => precision !== 3)).toEqual([])
  })

  test('has the keys of the brief', async () => {
    const rows = await stage.database().sql<{ t: string; def: string }[]>`
      select conrelid::regclass::text as t, pg_get_constraintdef(oid) as def from pg_constraint
      where connamespace = 'public'::regnamespace`
    const has = (table: string, def: RegExp) => rows.some((row) => row.t === table && def.test(row.def))
    const wanted: [string, RegExp][] = [
      ['users', /^PRIMARY KEY \(id\)/],
      ['users', /^UNIQUE \(email\)/],
      ['follows', /^PRIMARY KEY \(follower_id, followee_id\)/],
      ['stories', /^PRIMARY KEY \(id\)/],
      ['stories', /^FOREIGN KEY \(author_id\) REFERENCES users\(id\)/],
      ['stories', /^CHECK .*visibility.*public.*friends.*private/],
      ['story_audience', /^PRIMARY KEY \(story_id, user_id\)/],
      ['story_audience', /^FOREIGN KEY \(story_id\) REFERENCES stories\(id\)/],
      ['story_views', /^PRIMARY KEY \(story_id, viewer_id\)/],
      ['story_views', /^FOREIGN KEY \(viewer_id\) REFERENCES users\(id\)/],
      ['reactions', /^PRIMARY KEY \(id\)/],
      ['reactions', /^FOREIGN KEY \(story_id\) REFERENCES stories\(id\)/],
    ]
    expect(wanted.filter(([table, def]) => !has(table, def))).toEqual([])
  })

  test('has the indexes of the brief, partial where deleted_at is null', async () => {
    const rows = await stage.database().sql<{ t: string; def: string }[]>`
      select tablename as t, indexdef as def from pg_indexes where schemaname = 'public'`
    const has = (table: string, def: RegExp) => rows.some((row) => row.t === table && def.test(row.def))
    expect({
      author: has('stories', /\(author_id, created_at DESC.*WHERE \(deleted_at IS NULL\)/),
      expires: has('stories', /\(expires_at\) WHERE \(deleted_at IS NULL\)/),
      search: has('stories', /USING gin \(tsv,/),
      views: has('story_views', /\(story_id/),
      reactions: has('reactions', /\(story_id/),
      follows: has('follows', /\(follower_id/),
    }).toEqual({ author: true, expires: true, search: true, views: true, reactions: true, follows: true })
  })

  test('refuses what the brief rules out, whoever writes it', async () => {
    const { sql } = stage.database()
    const [user] =
      await sql`insert into users (email, password_hash) values ('a@example.com', 'x') returning id`
    const [story] = await sql`
      insert into stories (author_id, text, visibility) values (${user?.id}, 'x', 'public') returning id, expires_at, created_at`
    expect(story?.expires_at.getTime() - story?.created_at.getTime()).toBe(24 * 3600 * 1000)
    const refused = [
      `insert into users (email, password_hash) values ('a@example.com', 'x')`,
      `insert into stories (author_id, text, visibility) values ('${user?.id}', 'x', 'secret')`,
      `insert into stories (author_id, text, visibility) values (gen_random_uuid(), 'x', 'public')`,
      `insert into reactions (story_id, user_id, emoji) values ('${story?.id}', '${user?.id}', 'x')`,
      `insert into story_views (story_id, viewer_id) values (gen_random_uuid(), '${user?.id}')`,
      `insert into follows (follower_id, followee_id) values ('${user?.id}', '${user?.id}')`,
    ]
    for (const statement of refused) {
      const code = await sql.unsafe(statement).then(
        () => null,
        (error: { code: string }) => error.code.slice(0, 2),
      )
      expect([statement, code]).toEqual([statement, '23'])
    }
  })
})
