import { beforeAll, expect, test } from 'bun:test'
import { captureStatements, explain, rowsTouched } from '../../load/support/explain'
import type { FriendsRule } from '../../src/config'
import type { AppContext } from '../../src/context'
import { useStage } from '../support/context'

/** How many a viewer may follow has a bound, and what a page asks about them a smaller one. */

const stage = useStage()

const FOLLOWS = 5000
const FOLLOWS_MAX = 50
const TRAY_FOLLOWEES = 1000
/** The newest stories, which count for everybody. */
const TRAY_WINDOW = 2000
/** Stories that a feed looks at one by one. */
const WALKED = 400
const RULES: readonly FriendsRule[] = ['following', 'mutual']
const person = (number: number) =>
  Bun.MD5.hash(`person ${number}`, 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const [VIEWER, FEW, FULL] = [person(1), person(2), person(FOLLOWS + 2)]
/** Two who follow back, one who does not, and nobody. */
const AUTHORS = [person(3), person(4), person(FOLLOWS), person(0)]

beforeAll(async () => {
  const { sql } = stage.database()
  await sql`insert into users (id, email, password_hash, handle)
    select md5('person ' || n)::uuid, 'p' || n || '@example.com', '-', 'p_' || n from generate_series(1, ${FOLLOWS + 3}::int) n`
  await sql`insert into follows (follower_id, followee_id)
    select ${VIEWER}::uuid, md5('person ' || n)::uuid from generate_series(3, ${FOLLOWS}::int) n
    union all
    select md5('person ' || n)::uuid, ${VIEWER}::uuid from generate_series(3, ${FOLLOWS - 1}::int) n
    union all
    select ${FEW}::uuid, md5('person ' || n)::uuid from generate_series(3, ${FOLLOWS_MAX + 2}::int) n
    union all
    select md5('person ' || n)::uuid, md5('person ' || n + 1)::uuid from generate_series(3, ${FOLLOWS}::int) n`
  await sql`insert into stories (author_id, text, visibility)
    select ${person(FOLLOWS + 1)}::uuid, 'not for the viewer', 'friends' from generate_series(1, 1000)`
  await sql`insert into stories (author_id, text, visibility, created_at)
    select ${person(FOLLOWS + 1)}::uuid, 'for the viewer', 'friends', now() - interval '1 hour' from generate_series(1, 1000)`
  await sql`insert into story_audience (story_id, user_id) select id, ${VIEWER}::uuid from stories where text = 'for the viewer'`
  await sql`insert into story_views (story_id, viewer_id)
    select s.id, md5('person ' || n)::uuid from stories s cross join generate_series(3, 12) n where s.text = 'for the viewer'`
  await sql.unsafe('vacuum analyze users, follows, stories, story_audience, story_views')
})

/** What the generic and the custom plan read of a table. */
const rowsRead = async (
  work: (ctx: AppContext) => Promise<unknown>,
  table: string,
  env: Record<string, string> = {},
): Promise<number[]> => {
  const [statement] = await captureStatements({ ...stage.env(), ...env }, work)
  if (statement === undefined) throw new Error('the statement was not sent')
  const readBy = async (generic: boolean) => {
    const { nodes } = await explain(stage.database().sql, statement, { generic })
    expect(nodes.some((node) => node['Relation Name'] === table)).toBe(true)
    return rowsTouched(nodes, table)
  }
  return [await readBy(true), await readBy(false)]
}

test.each(RULES)(
  'friends among a few authors are looked up by key, whomever the viewer follows (%s)',
  async (rule) => {
    const ask = ({ stores }: AppContext) => stores.graph.friendsAmong(VIEWER, AUTHORS, rule)
    const friends = rule === 'mutual' ? AUTHORS.slice(0, 2) : AUTHORS.slice(0, 3)
    expect(await ask(stage.realContext())).toEqual(new Set(friends))
    expect(Math.max(...(await rowsRead(ask, 'follows')))).toBeLessThanOrEqual(2 * AUTHORS.length)
  },
)

test.each(RULES)(
  'the walk of a feed looks its authors up by key, whomever the viewer follows (%s)',
  async (rule) => {
    const env = { FRIENDS_RULE: rule }
    const walk = ({ stores, clock }: AppContext) => stores.feed.listSkeleton(VIEWER, clock.now(), null, 21)
    expect(Math.max(...(await rowsRead(walk, 'follows', env)))).toBeLessThanOrEqual(WALKED)
  },
)

test('stories are shown with a look into their audiences by key, however many the viewer is in', async () => {
  const rows = await stage.database().sql<{ id: string }[]>`
    select id from stories where text = 'for the viewer' limit 20`
  const show = ({ stores }: AppContext) =>
    stores.stories.findStories(
      VIEWER,
      rows.map(({ id }) => id),
    )
  expect(Math.max(...(await rowsRead(show, 'story_audience')))).toBeLessThanOrEqual(rows.length)
})

test('people are read in the order of their handles, a page and no more, however many begin alike', async () => {
  const find =
    (after: string | null) =>
    ({ stores }: AppContext) =>
      stores.people.findByHandlePrefix(VIEWER, 'p_', after, 21)
  const first = await find(null)(stage.realContext())
  expect(first.map(({ handle }) => handle)).toEqual(first.map(({ handle }) => handle).sort())
  for (const after of [null, first[20]?.handle ?? ''])
    expect(Math.max(...(await rowsRead(find(after), 'users')))).toBeLessThanOrEqual(22)
  // Behind the prefix are others, and `_` means itself.
  expect(await stage.realContext().stores.people.findByHandlePrefix(VIEWER, 'p_1_', null, 21)).toEqual([])
})

test('the tray looks by key whether a story was seen, however many views there are', async () => {
  const tray = ({ stores, clock }: AppContext) =>
    stores.feed.listTray(VIEWER, clock.now(), clock.now(), null, 21)
  // None of them is the viewer's.
  expect(Math.max(...(await rowsRead(tray, 'story_views')))).toBe(0)
})

test.each(['followeeIds', 'mutualIds'] as const)(
  'who follows too many is found out by a bounded read (%s)',
  async (load) => {
    const ask = ({ stores }: AppContext) => stores.graph[load](VIEWER, FOLLOWS_MAX)
    expect(await ask(stage.realContext())).toBeNull()
    expect(Math.max(...(await rowsRead(ask, 'follows')))).toBeLessThanOrEqual(2 * (FOLLOWS_MAX + 1))
  },
)

test('nobody follows more than one may, and who does follows on', async () => {
  const { graph } = stage.realContext().stores
  const row = (followeeId: string) => ({ followerId: FULL, followeeId, createdAt: new Date() })
  const outcomeOf = async (followeeId: string) => {
    const saved = await graph.insertFollow(row(followeeId), 2)
    return saved === null || saved === 'too_many' ? saved : saved.isNew
  }
  const [one = '', two = '', three = ''] = AUTHORS
  const outcomes: unknown[] = []
  for (const followee of [one, two, three, one, person(0)]) outcomes.push(await outcomeOf(followee))
  expect(outcomes).toEqual([true, true, 'too_many', false, null])
  await graph.deleteFollow(FULL, one)
  expect(await outcomeOf(three)).toBe(true)
  await graph.deleteFollow(FULL, two)
  expect(await outcomeOf(person(0))).toBeNull()
})

test('who follows as many as may be kept has them all', async () => {
  const { graph } = stage.realContext().stores
  const follows = Array.from({ length: FOLLOWS_MAX }, (_, i) => person(i + 3))
  expect((await graph.followeeIds(FEW, FOLLOWS_MAX))?.sort()).toEqual(follows.toSorted())
  expect(await graph.mutualIds(FEW, FOLLOWS_MAX)).toEqual([])
  expect((await graph.mutualIds(VIEWER, FOLLOWS))?.length).toBe(FOLLOWS - 3)
})

test('the tray of who follows very many looks at one story of each, and counts those of the last to post', async () => {
  const { sql } = stage.database()
  await sql`insert into stories (author_id, text, visibility, created_at)
    select md5('person ' || n)::uuid, 'of a followee', 'friends', now() - n * interval '1 second' - k * interval '1 millisecond'
    from generate_series(3, ${FOLLOWS}::int) n, generate_series(1, 3) k`
  await sql.unsafe('vacuum analyze stories')
  const tray = ({ stores, clock }: AppContext) =>
    stores.feed.listTray(VIEWER, clock.now(), clock.now(), null, 2 * FOLLOWS)
  // The author of the beginning is in it by an audience.
  const listed = await tray(stage.realContext())
  const handles = Array.from({ length: TRAY_FOLLOWEES }, (_, i) => `p_${i + 3}`)
  expect(listed.map(({ handle }) => handle)).toEqual([...handles, `p_${FOLLOWS + 1}`])
  expect(new Set(listed.slice(0, TRAY_FOLLOWEES).map(({ stories }) => stories))).toEqual(new Set([3]))
  // Found and counted: one of each followee, three of those who are listed; all, in a table so small, for the newest.
  const all = 2000 + 3 * (FOLLOWS - 2)
  const counted = 3 * TRAY_FOLLOWEES + TRAY_WINDOW
  expect(Math.max(...(await rowsRead(tray, 'stories')))).toBeLessThanOrEqual(
    all + FOLLOWS + 3 * TRAY_FOLLOWEES + counted,
  )
})
