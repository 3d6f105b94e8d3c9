import { afterAll, beforeAll, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { isReady } from '../../src/features/health/ready'
import type { Story } from '../../src/features/stories/schema'
import { toAppError } from '../../src/http/problem'
import type { Page } from '../../src/kernel/cursor'
import { type Overrides, TEST_MS_MAX, useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer'

/** The service behind PgBouncer in transaction mode, where a session belongs to nobody. */

const poolers: PgBouncer[] = []
const startPooler = async (more: readonly string[] = []) => {
  const pooler = await startPgBouncer(stage.database().url, more)
  poolers.push(pooler)
  return pooler.url
}
// Before the stage looks for connections that were left open.
afterAll(async () => {
  for (const pooler of poolers) await pooler.stop()
})
const stage = useStage()
let url = ''

beforeAll(async () => {
  url = await startPooler()
})

const pooled = (overrides: Overrides = {}) =>
  stage.instance({ ...overrides, env: { DATABASE_URL: url, DATABASE_PREPARE: 'false' } })

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

test('every story that was answered with 201 is there', async () => {
  const crowd = await makeCrowd(pooled(), 20)
  const answers = await Promise.all(
    crowd.flatMap((person) =>
      Array.from({ length: 5 }, () => person.post('/stories', { text: 'kept', visibility: 'public' })),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
  const ids = answers.map((answer) => answer.as<Story>(201).id)
  const { sql: direct } = stage.database()
  const [kept] = await direct`select count(*)::int as n from stories where id = any(${ids}::uuid[])`
  expect(kept?.n).toBe(100)
})

test('a single statement that hangs is answered in time, and others go on meanwhile', async () => {
  const { ctx } = pooled({ databaseDeadlineMs: 3000 })
  const name = 'a statement that nobody waits for'
  const hanging = ctx.database.db.execute(sql.raw(`/* ${name} */ select pg_sleep(60)`)).then(
    () => 'an answer',
    (error: unknown) => toAppError(error).code,
  )
  const answers = { done: false }
  void hanging.then(() => {
    answers.done = true
  })
  while (!answers.done) await ctx.database.ping()
  expect(await hanging).toBe('unavailable')
  const { sql: direct } = stage.database()
  await direct`select pg_terminate_backend(pid) from pg_stat_activity where query like ${`/* ${name}%`}`
})

test('a limit that the role or the database sets ends it on the server, too', async () => {
  const name = new URL(stage.database().url).pathname.slice(1)
  await stage.database().sql.unsafe(`alter database ${name} set statement_timeout = '200ms'`)
  const limited = await startPooler()
  const { ctx } = stage.instance({
    env: { DATABASE_URL: limited, DATABASE_PREPARE: 'false' },
    // Out of reach, so that only the server can end it.
    databaseDeadlineMs: 2 * TEST_MS_MAX,
  })
  const error = await ctx.database.db.execute(sql`select pg_sleep(60)`).catch(toAppError)
  await stage.database().sql.unsafe(`alter database ${name} reset statement_timeout`)
  expect(error).toMatchObject({ code: 'unavailable' })
})

test('a pooler that swallows settings is refused where DATABASE_PREPARE=false was forgotten', async () => {
  const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
  const swallowing = await startPooler([`ignore_startup_parameters = ${names.join(', ')}`])
  const { ctx, api } = stage.instance({ env: { DATABASE_URL: swallowing, DATABASE_PREPARE: 'true' } })
  expect(await isReady(ctx)).toBe(false)
  const body = { email: 'lost@example.com', password: 'correct horse battery' }
  expect((await api.call('POST', '/auth/signup', { body })).status).toBe(503)
  expect(await ctx.database.ping().catch((error: Error) => String(error.cause))).toContain('DATABASE_PREPARE')
})

test('a transaction keeps its time limits, and the connection loses them with it', async () => {
  const { ctx } = pooled()
  const limitOf = (rows: readonly Record<string, unknown>[]) => rows[0]?.idle_in_transaction_session_timeout
  const show = sql`show idle_in_transaction_session_timeout`
  expect(limitOf(await ctx.database.db.transaction((tx) => tx.execute(show)))).toBe('5s')
  expect(limitOf(await ctx.database.db.execute(show))).toBe('0')
})
