import { createHash } from 'node:crypto'
import type { Bench } from './bench'

/**
 * The people and stories of the bench, made in SQL: 100,000 people who follow ten others each, and stories of which
 * three in five are public, one in four for followers, one in ten for a list, the rest private. Ids follow from numbers.
 */

export const PEOPLE = 100_000
/** People from this number on rarely post. */
const QUIET_FROM = 90_000
/** The first people follow 200 others who post often; tokens are made for them. */
export const READERS = 500
export const QUIET_READER = 1001
export const LONELY_READER = 1002
export const LISTED_READER = 1003

/** Md5 is only a cheap way to scattered ids that SQL and this program agree on. */
const uuidOf = (text: string): string =>
  createHash('md5')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
export const personId = (number: number): string => uuidOf(`person ${number}`)

const PERSON = (number: string) => `md5('person ' || (${number}))::uuid`

/** Time-ordered like the service's own ids; rows are inserted in that order, too, so that new ones lie together as in life. */
const STORY_ID = `(lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
  || '8' || substr(md5(n::text), 4, 15))::uuid`

/** Bulk loading without checks and triggers; indexes are made afterwards, in one go. */
async function load(
  bench: Bench,
  database: string,
  tables: readonly string[],
  statements: readonly string[],
) {
  const sql = bench.sql(database)
  const indexes = await sql<{ name: string; text: string }[]>`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as text
    from pg_index i where i.indrelid = any(${`{${tables.join(',')}}`}::text::regclass[]) and not i.indisunique`
  await sql.unsafe("set session_replication_role = replica; set maintenance_work_mem = '512MB'")
  for (const { name } of indexes) await sql.unsafe(`drop index ${name}`)
  for (const statement of statements) await sql.unsafe(statement)
  for (const { text } of indexes) await sql.unsafe(text)
  await sql.unsafe('set session_replication_role = origin')
  for (const table of tables) await sql.unsafe(`vacuum analyze ${table}`)
}

export async function createPeople(bench: Bench, database: string): Promise<void> {
  if (await bench.hasDatabase(database)) return
  bench.log(`${database}: ${PEOPLE} people`)
  await bench.createDatabase(database)
  await load(
    bench,
    database,
    ['users', 'follows'],
    [
      `insert into users (id, email, password_hash, handle)
       select ${PERSON('n')}, 'person' || n || '@example.com', '-', 'person_' || n from generate_series(1, ${PEOPLE}) n`,
      // Everybody but those with a role of their own.
      `insert into follows (follower_id, followee_id)
       select ${PERSON('n')}, ${PERSON(`1 + (n + 1 + (random() * ${QUIET_FROM - 4})::int) % ${QUIET_FROM - 1}`)}
       from generate_series(2001, ${PEOPLE}) n, generate_series(1, 10) order by 1 on conflict do nothing`,
      `insert into follows (follower_id, followee_id)
       select ${PERSON('n')}, ${PERSON(`2000 + (n * 400 + k * 97) % ${QUIET_FROM - 2000}`)}
       from generate_series(1, ${READERS}) n, generate_series(1, 200) k on conflict do nothing`,
      `insert into follows (follower_id, followee_id)
       select ${PERSON(String(QUIET_READER))}, ${PERSON(`${QUIET_FROM} + k`)} from generate_series(1, 2000) k`,
    ],
  )
}

/**
 * A copy of the people with that many active stories, made over the last 20 hours.
 *
 * @param options `hoursAgo` moves all of them into the past, so that with 24 they are due; `onTopOf` names the database
 *   that is copied instead of the people's alone; with `isHidden` one in 50,000 is public and the rest are for followers
 */
export async function createStories(
  bench: Bench,
  database: string,
  count: number,
  options: { hoursAgo?: number; onTopOf?: string; isHidden?: boolean } = {},
): Promise<void> {
  if (await bench.hasDatabase(database)) return
  await createPeople(bench, 'people')
  bench.log(`${database}: ${count} stories`)
  await bench.createDatabase(database, options.onTopOf ?? 'people')
  await load(
    bench,
    database,
    ['stories', 'story_audience'],
    [
      `insert into stories (id, author_id, text, visibility, has_audience, created_at, expires_at)
       select ${STORY_ID}, author, ${storyText}, kind, listed, at, at + interval '24 hours' from (
         select n, date_trunc('milliseconds', now() - interval '${options.hoursAgo ?? 0} hours' - interval '20 hours' * random()) as at,
           case when n % 1000 = 7 then ${PERSON(`${QUIET_FROM} + (random() * ${PEOPLE - QUIET_FROM - 1})::int + 1`)}
             else ${PERSON(`1 + (random() * ${QUIET_FROM - 2})::int`)} end as author,
           case when ${options.isHidden ? 'n % 50000 = 0' : 'n % 20 < 12'} then 'public' when n % 20 < 19 then 'friends' else 'private' end as kind,
           n % 20 in (12, 13) as listed
         from generate_series(1, ${count}) n) made order by at`,
      `insert into story_audience (story_id, user_id, created_at)
       select id, ${PERSON(`1 + (random() * ${QUIET_FROM - 2})::int`)}, created_at
       from stories, generate_series(1, 3) where has_audience on conflict do nothing`,
      `insert into story_audience (story_id, user_id, created_at)
       select id, ${PERSON(String(LISTED_READER))}, created_at from stories
       where has_audience order by random() limit ${Math.min(1000, Math.floor(count / 20))} on conflict do nothing`,
      'analyze stories',
    ],
  )
}

/** Ten words of a hundred thousand, the low ones common; `sunset` is in six of ten stories, `aurora` in one of 10,000. */
const storyText = `case when n % 10 < 6 then 'sunset ' else '' end || case when n % 10000 = 5 then 'aurora ' else '' end
  || case when n % 60 = 3 then 'harbour ' else '' end
  || (select string_agg('word' || (power(random(), 3) * 100000)::int, ' ') from generate_series(n * 0 + 1, 8))`
