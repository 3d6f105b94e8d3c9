import { afterAll, beforeAll, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import type { Story } from '../../src/features/stories/schema'
import type { Page } from '../../src/kernel/cursor'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { startPgBouncer } from '../support/pgbouncer'

/** The service behind PgBouncer in transaction mode, where a session belongs to nobody. */

let pooler: Awaited<ReturnType<typeof startPgBouncer>> | undefined
// Before the stage looks for connections that were left open.
afterAll(() => pooler?.stop())
const stage = useStage()

beforeAll(async () => {
  pooler = await startPgBouncer(stage.database().url)
})

const pooled = () => stage.instance({ env: { DATABASE_URL: pooler?.url ?? '', DATABASE_PREPARE: 'false' } })

test('posting, reading, searching, viewing and reacting work through it', async () => {
  const [ava, ben] = await cast(pooled(), 'ava', 'ben')
  await ben.follow(ava)
  const story = await ava.tell({ visibility: 'friends', text: 'through the pooler' })
  expect((await ben.get('/feed')).as<Page<Story>>().items.map(({ id }) => id)).toContain(story.id)
  expect((await ben.get('/search?q=pooler')).as<Page<Story>>().items.map(({ id }) => id)).toEqual([story.id])
  ;(await ben.post(`/stories/${story.id}/view`)).as(200)
  ;(await ben.post(`/stories/${story.id}/reactions`, { emoji: '🔥' })).as(201)
  ;(await ben.post(`/stories/${story.id}/reactions`, { emoji: '😂' })).as(200)
  const { counters } = (await ava.get(`/stories/${story.id}`)).as<Story>()
  expect(counters).toMatchObject({ views: 1, reactions: { '🔥': 0, '😂': 1 } })
})

test('twenty parallel posts with one key make one story', async () => {
  const [ava] = await cast(pooled(), 'ava')
  const post = () =>
    ava.post('/stories', { text: 'once', visibility: 'public' }, { 'Idempotency-Key': 'the-same' })
  const statuses = (await Promise.all(Array.from({ length: 20 }, post))).map((answer) => answer.status)
  expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([])
  expect((await ava.get('/me/stories')).as<Page<Story>>().items).toHaveLength(1)
})

test('more people at once than it has connections are all served', async () => {
  const instance = pooled()
  const crowd = await makeCrowd(instance, 40)
  await Promise.all(crowd.map((person) => person.tell({ text: 'me too' })))
  const [kept] = await stage.database().sql`select count(*)::int as n from stories where text = 'me too'`
  expect(kept?.n).toBe(40)
  const feeds = await Promise.all(crowd.map((person) => person.get('/feed?limit=100')))
  for (const feed of feeds) expect(feed.as<Page<Story>>().items.length).toBeGreaterThanOrEqual(40)
})

test('a transaction keeps its time limits, and the connection loses them with it', async () => {
  const { ctx } = pooled()
  const limitOf = (rows: readonly Record<string, unknown>[]) => rows[0]?.idle_in_transaction_session_timeout
  const show = sql`show idle_in_transaction_session_timeout`
  expect(limitOf(await ctx.database.db.transaction((tx) => tx.execute(show)))).toBe('5s')
  expect(limitOf(await ctx.database.db.execute(show))).toBe('0')
})
