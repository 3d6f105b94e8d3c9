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

/** The plans behind the feed and the sweep stay what the measurements of docs/performance.md were made with. */

const stage = useStage()

const STORIES = 20_000
const PEOPLE = 2000
/** Of the walk's window, and of the branches behind it: what each may look at. */
const WINDOW = 400
const SWEEP_BATCH = 20

const person = (number: number) =>
  Bun.MD5.hash(`person ${number}`, 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const [VIEWER, LONELY] = [person(1), person(2)]

beforeAll(async () => {
  await stage.database().sql.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    await sql`insert into users (id, email, password_hash, handle)
      select md5('person ' || n)::uuid, 'p' || n || '@example.com', '-', 'p_' || n from generate_series(1, ${PEOPLE}::int) n`
    await sql`insert into follows (follower_id, followee_id)
      select ${VIEWER}::uuid, md5('person ' || n)::uuid from generate_series(3, 203) n
      union all
      select md5('person ' || n)::uuid, md5('person ' || (3 + (n * 31 + k * 17) % 1990))::uuid
      from generate_series(300, 1999) n, generate_series(1, 20) k
      where 3 + (n * 31 + k * 17) % 1990 <> n on conflict do nothing`
    // One in fifty is public, so that walks end without a page and the branches have to be searched, too.
    await sql`insert into stories (id, author_id, text, visibility, has_audience, created_at, expires_at)
      select gen_random_uuid(), md5('person ' || (3 + n % ${PEOPLE - 3}::int))::uuid,
        case when n % 2000 = 0 then 'aurora' else 'sunset' end,
        case when n % 50 = 0 then 'public' else 'friends' end, n % 50 = 7,
        now() - n * interval '2 seconds', now() - n * interval '2 seconds' + interval '24 hours'
      from generate_series(1, ${STORIES}::int) n`
    await sql`insert into story_audience (story_id, user_id, created_at)
      select id, ${VIEWER}::uuid, created_at from stories where has_audience
      union all
      select id, md5('person ' || n)::uuid, created_at from stories, generate_series(300, 330) n where has_audience`
    await sql`insert into story_views (story_id, viewer_id, viewed_at)
      select id, md5('person ' || n)::uuid, created_at from stories, generate_series(300, 301) n`
    await sql`insert into reactions (story_id, user_id, emoji)
      select id, md5('person 300')::uuid, '🔥' from stories`
    await sql`insert into story_counters (story_id, shard, views) select id, 3, 2 from stories`
  })
  const tables = [
    'users',
    'follows',
    'stories',
    'story_audience',
    'story_views',
    'reactions',
    'story_counters',
  ]
  for (const table of tables) await stage.database().sql.unsafe(`analyze ${table}`)
})

const look = async (
  work: (ctx: AppContext) => Promise<unknown>,
  pick: (statements: readonly Captured[]) => Captured | undefined,
  generic = true,
) => {
  const statement = pick(await captureStatements(stage.env(), work))
  if (statement === undefined) throw new Error('the statement was not sent')
  return (await explain(stage.database().sql, statement, { generic })).nodes
}

describe('the feed', () => {
  const first = (ctx: AppContext) => ctx.stores.feed.listSkeleton(VIEWER, new Date(), null, 21)

  test('walks its own index and stops at the window, with a generic plan', async () => {
    const nodes = await look(first, (all) => all[0])
    expect(seqScans(nodes)).toEqual([])
    expect(indexesUsed(nodes)).toContain('stories_feed')
    expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(WINDOW)
  })

  test('searches the branches by index for somebody who sees nearly nothing', async () => {
    const nodes = await look(
      (ctx) => ctx.stores.feed.listSkeleton(LONELY, new Date(), null, 21),
      (all) => all[1],
    )
    expect(seqScans(nodes)).toEqual([])
    expect(indexesUsed(nodes)).toContain('stories_public')
    expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(WINDOW)
  })

  test('is hydrated by keys, one look at each story', async () => {
    const ids = (await first(stage.realContext())).slice(0, 20).map((row) => row.id)
    const nodes = await look(
      (ctx) => ctx.stores.stories.findStories(VIEWER, ids),
      (all) => all[0],
    )
    expect(seqScans(nodes).filter((table) => table !== 'users')).toEqual([])
    expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(ids.length)
    expect(rowsTouched(nodes, 'story_views')).toBeLessThanOrEqual(ids.length)
  })
})

test('the sweep takes its batch from the index of expiry times', async () => {
  const due = new Date(Date.now() + 25 * 3600 * 1000)
  const nodes = await look(
    (ctx) => ctx.stores.expiry.expireBatch(due, null, SWEEP_BATCH),
    (all) => all[0],
  )
  expect(seqScans(nodes)).toEqual([])
  expect(indexesUsed(nodes)).toContain('stories_expires')
  expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(4 * SWEEP_BATCH)
})

describe('a single write', () => {
  const someStory = async () => {
    const [row] = await stage.database().sql`select id from stories where visibility = 'public' limit 1`
    return String(row?.id)
  }
  const writes: Readonly<Record<string, (ctx: AppContext, storyId: string) => Promise<unknown>>> = {
    view: (ctx, storyId) => ctx.recordView({ storyId, viewerId: LONELY, viewedAt: new Date() }),
    reaction: (ctx, storyId) =>
      ctx.insertReaction({
        id: Bun.randomUUIDv7(),
        storyId,
        userId: LONELY,
        emoji: '🔥',
        createdAt: new Date(),
      }),
  }

  test.each(Object.entries(writes))('%s goes by key: no list to read, nothing to hash', async (_, write) => {
    const storyId = await someStory()
    const sent = await captureStatements(stage.env(), (ctx) => write(ctx, storyId))
    expect(sent).toHaveLength(1)
    // As it was before that: explained again, the row would be there already.
    await stage.database().sql`delete from story_views where viewer_id = ${LONELY}`
    await stage.database().sql`delete from reactions where user_id = ${LONELY}`
    const { nodes } = await explain(stage.database().sql, sent[0] as Captured, { generic: true })
    const kinds = nodes.map((node) => node['Node Type'])
    expect(kinds).toContain('ModifyTable')
    expect(kinds.filter((kind) => kind === 'Function Scan' || kind.startsWith('Hash'))).toEqual([])
    expect(seqScans(nodes)).toEqual([])
    expect(indexesUsed(nodes)).toContain('stories_pkey')
    expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(1)
  })
})
