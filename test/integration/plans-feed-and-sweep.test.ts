import { beforeAll, describe, expect, test } from 'bun:test'
import {
  type Captured,
  captureStatements,
  explain,
  indexesUsed,
  rowsTouched,
  seqScans,
} from '../../load/support/explain'
import type { AppContext } from '../../src/context'
import { useStage } from '../support/context'

/** The plans of rows 3, 6 and 9 of docs/performance.md: a popular story, next to nothing public, a batch of the sweep. */

const stage = useStage()

const PEOPLE = 3000
const STORIES = 20_000
const DUE = 5000
const VIEWS = 30_000
const REACTIONS = 30_000
const PAGE = 20
const WINDOW = 400
const BATCH = 50
const SHARDS = 16
const DAY_SECONDS = 86_400

const person = (number: number) =>
  Bun.MD5.hash(`person ${number}`, 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const [READER, LONELY] = [person(1), person(2)]

beforeAll(async () => {
  const { sql } = stage.database()
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx`insert into users (id, email, password_hash, handle)
      select md5('person ' || n)::uuid, 'p' || n || '@example.com', '-', 'p_' || n from generate_series(1, ${PEOPLE}::int) n`
    // The reader follows a thousand people, of whom every tenth has posted.
    await tx`insert into follows (follower_id, followee_id)
      select ${READER}::uuid, md5('person ' || n)::uuid from generate_series(1901, 2900) n
      union all
      select md5('person ' || n)::uuid, md5('person ' || (3 + (n * 31 + k * 17) % 1990))::uuid
      from generate_series(100, 1800) n, generate_series(1, 20) k
      where 3 + (n * 31 + k * 17) % 1990 <> n on conflict do nothing`
    // Those of the last day, of which two are public; and before them others that are due.
    await tx`insert into stories (id, author_id, text, visibility, created_at, expires_at)
      select gen_random_uuid(), md5('person ' || (3 + n % 1997))::uuid, 'story ' || n,
        case when n % 10000 = 0 then 'public' else 'friends' end, at, at + interval '24 hours'
      from (select n, now() - n * interval '4 seconds' as at from generate_series(1, ${STORIES}::int) n
        union all
        select n, now() - ((${DAY_SECONDS}::int + n) * interval '1 second') from generate_series(1, ${DUE}::int) n) made`
    await tx`insert into story_views (story_id, viewer_id, viewed_at)
      select (select id from stories where visibility = 'public' order by created_at desc limit 1),
        md5('stranger ' || n)::uuid, now() from generate_series(1, ${VIEWS}::int) n`
    await tx`insert into reactions (story_id, user_id, emoji)
      select (select id from stories where visibility = 'public' order by created_at desc limit 1),
        md5('stranger ' || n)::uuid, '🔥' from generate_series(1, ${REACTIONS}::int) n`
    await tx`insert into story_counters (story_id, shard, views, r6)
      select s.id, shard, ${VIEWS}::int / 16, ${REACTIONS}::int / 16 from stories s, generate_series(0, 15) shard
      where visibility = 'public' or shard = 3`
  })
  for (const table of ['users', 'follows', 'stories', 'story_views', 'reactions', 'story_counters'])
    await sql.unsafe(`analyze ${table}`)
})

const look = async (
  work: (ctx: AppContext) => Promise<unknown>,
  pick: (statements: readonly Captured[]) => Captured | undefined,
) => {
  const statement = pick(await captureStatements(stage.env(), work))
  if (statement === undefined) throw new Error('the statement was not sent')
  return (await explain(stage.database().sql, statement, { generic: true })).nodes
}

describe('a page with a story that very many have seen', () => {
  test('reads a bounded number of counters, and none of the others’ views and reactions', async () => {
    const stories = await stage.database().sql<{ id: string }[]>`
      select id from stories where expires_at > now() order by visibility = 'public' desc, created_at desc limit ${PAGE}`
    const nodes = await look(
      (ctx) =>
        ctx.stores.stories.findStories(
          READER,
          stories.map((row) => row.id),
        ),
      (all) => all[0],
    )
    expect(seqScans(nodes).filter((table) => table !== 'users')).toEqual([])
    expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(PAGE)
    expect(rowsTouched(nodes, 'story_counters')).toBeLessThanOrEqual(PAGE * SHARDS)
    expect(rowsTouched(nodes, 'story_views')).toBeLessThanOrEqual(PAGE)
    expect(rowsTouched(nodes, 'reactions')).toBeLessThanOrEqual(PAGE)
  })
})

describe('a feed where next to nothing is public', () => {
  const page = (viewerId: string) => (ctx: AppContext) =>
    ctx.stores.feed.listSkeleton(viewerId, new Date(), null, PAGE + 1)

  test.each([
    ['follows nobody', LONELY],
    ['follows a thousand who rarely post', READER],
  ])('walks no further than its window for somebody who %s', async (_, viewerId) => {
    const nodes = await look(page(viewerId), (all) => all[0])
    expect(seqScans(nodes)).toEqual([])
    expect(indexesUsed(nodes)).toContain('stories_feed')
    expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(WINDOW)
  })

  test('then looks at followees one by one, by their own stories, and stops at a page of each', async () => {
    const nodes = await look(page(READER), (all) => all[1])
    expect(seqScans(nodes)).toEqual([])
    expect(indexesUsed(nodes)).toContain('stories_author')
    // A hundred of the followees have some twelve stories each.
    expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(100 * (PAGE + 1))
  })
})

test('a batch of the sweep reads its stories twice: once from the index of expiry times, once by their place', async () => {
  const nodes = await look(
    (ctx) => ctx.stores.expiry.expireBatch(new Date(), null, BATCH),
    (all) => all[0],
  )
  expect(seqScans(nodes)).toEqual([])
  expect(indexesUsed(nodes)).toContain('stories_expires')
  expect(indexesUsed(nodes)).not.toContain('stories_pkey')
  expect(nodes.map((node) => node['Node Type'])).toContain('Tid Scan')
  expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(3 * BATCH)
})
