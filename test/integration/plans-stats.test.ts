import { beforeAll, expect, test } from 'bun:test'
import { captureStatements, explain, indexesUsed, rowsTouched, seqScans } from '../../load/support/explain'
import type { AppContext } from '../../src/context'
import { useStage } from '../support/context'

/** What an author is told about stories that very many people have seen costs what the answer is long. */

const stage = useStage()

const PEOPLE = 20_000
const PAGE = 20
const [DAYS, SHARDS] = [7, 16]
const idOf = (text: string) => Bun.MD5.hash(text, 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const [AUTHOR, STORY] = [idOf('person 1'), idOf('story 1')]

beforeAll(async () => {
  await stage.database().sql.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    await sql`insert into users (id, email, password_hash, handle)
      select md5('person ' || n)::uuid, 'p' || n || '@example.com', '-', 'p_' || n from generate_series(1, ${PEOPLE}::int) n`
    // Some other stories, so that one story's views are not the whole table.
    await sql`insert into stories (id, author_id, text, visibility)
      select md5('story ' || n)::uuid, md5('person ' || n)::uuid, 'seen', 'public' from generate_series(1, 5) n`
    await sql`insert into story_views (story_id, viewer_id, viewed_at)
      select md5('story ' || k)::uuid, md5('person ' || n)::uuid, now() - n * interval '1 second'
      from generate_series(1, 5) k, generate_series(1, ${PEOPLE}::int) n`
    await sql`insert into reactions (story_id, user_id, emoji)
      select story_id, viewer_id, '🔥' from story_views where viewed_at > now() - interval '1 hour'`
    await sql`insert into author_days (author_id, day, shard, views, last_viewers)
      select md5('person ' || n)::uuid, current_date - d, shard, 9, 3
      from generate_series(1, 200) n, generate_series(0, 8) d, generate_series(0, ${SHARDS - 1}::int) shard`
  })
  for (const table of ['users', 'stories', 'story_views', 'reactions', 'author_days'])
    await stage.database().sql.unsafe(`vacuum analyze ${table}`)
})

const plansOf = async (work: (ctx: AppContext) => Promise<unknown>) => {
  const [statement] = await captureStatements(stage.env(), work)
  if (statement === undefined) throw new Error('the statement was not sent')
  const { sql } = stage.database()
  return [
    (await explain(sql, statement, { generic: true })).nodes,
    (await explain(sql, statement, { generic: false })).nodes,
  ]
}

test('the statistics of a week are read from the rows of its days alone', async () => {
  const fromDay = new Date(Date.now() - (DAYS - 1) * 86_400_000).toISOString().slice(0, 10)
  for (const nodes of await plansOf(({ stores }) => stores.stats.sumDays(AUTHOR, fromDay))) {
    expect(seqScans(nodes)).toEqual([])
    expect(rowsTouched(nodes)).toBe(rowsTouched(nodes, 'author_days'))
    expect(rowsTouched(nodes)).toBeLessThanOrEqual((DAYS + 1) * SHARDS)
  }
})

test.each([
  ['first', null],
  ['middle', { at: new Date(Date.now() - (PEOPLE / 2) * 1000), id: AUTHOR }],
])('the %s page of viewers reads as many views as it shows, and each viewer by key', async (_, after) => {
  for (const nodes of await plansOf(({ stores }) =>
    stores.stories.listViewers(STORY, AUTHOR, after, PAGE + 1),
  )) {
    expect(seqScans(nodes)).toEqual([])
    expect(indexesUsed(nodes)).toContain('story_views_page')
    // One more is the author's own.
    expect(rowsTouched(nodes, 'story_views')).toBeLessThanOrEqual(PAGE + 2)
    expect(rowsTouched(nodes, 'users')).toBeLessThanOrEqual(PAGE + 1)
    expect(rowsTouched(nodes, 'reactions')).toBeLessThanOrEqual(PAGE + 1)
  }
})
