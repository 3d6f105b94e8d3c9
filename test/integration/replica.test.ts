import { afterAll, describe, expect, test } from 'bun:test'
import { expireStories } from '../../src/features/expiry/expire-stories'
import { cleanUp } from '../../src/features/housekeeping/clean-up'
import type { SearchHit } from '../../src/features/search/schema'
import type { Stats } from '../../src/features/stats/schema'
import type { Page } from '../../src/kernel/cursor'
import { type Overrides, useStage } from '../support/context'
import { copyRows } from '../support/copy-rows'
import { cast } from '../support/crowd'
import { createDatabase, type TestDatabase } from '../support/database'
import { signUp } from '../support/people'
import { until } from '../support/until'

/** A replica may lag or be away: it decides nothing that people see, and nobody waits for it for long. */

const stage = useStage()
const copies: TestDatabase[] = []
afterAll(async () => {
  for (const copy of copies) await copy.drop()
})

/** A copy as the database is now; whatever is written later never arrives there. */
const makeCopy = async (): Promise<TestDatabase> => {
  const copy = await createDatabase()
  copies.push(copy)
  await copyRows(stage.database().sql, copy.sql)
  return copy
}
const beside = (replicaUrl: string, overrides: Overrides = {}) =>
  stage.instance({ ...overrides, env: { DATABASE_REPLICA_URL: replicaUrl } })
const found = async (person: { get(path: string): Promise<{ as<T>(): T }> }, q: string) =>
  (await person.get(`/search?q=${q}`)).as<Page<SearchHit>>().items.map(({ id }) => id)
const posted = async (person: { get(path: string): Promise<{ as<T>(): T }> }) =>
  (await person.get('/me/stats')).as<Stats>().posted

describe('a replica that lags', () => {
  test('shows nothing that was deleted, has ended, or was hidden by an unfollow since', async () => {
    const primary = stage.instance()
    const [ava, ben, cleo] = await cast(primary, 'ava', 'ben', 'cleo')
    await ben.follow(ava)
    await ben.follow(cleo)
    const tell = (person: typeof ava, visibility: string) =>
      person.tell({ visibility, text: 'aurora at night' })
    const deleted = await tell(ava, 'public')
    const ended = await tell(ava, 'public')
    const ofAva = await tell(ava, 'friends')
    const ofCleo = await tell(cleo, 'friends')
    const { ctx, api } = beside((await makeCopy()).url)
    const reader = ben.at(api)
    expect((await found(reader, 'aurora')).sort()).toEqual(
      [deleted, ended, ofAva, ofCleo].map(({ id }) => id).sort(),
    )

    ;(await ava.at(api).delete(`/stories/${deleted.id}`)).as(204)
    await stage.database().sql`update stories set expires_at = now() where id = ${ended.id}`
    ;(await reader.delete(`/follow/${ava.id}`)).as(204)
    expect(await found(reader, 'aurora')).toEqual([ofCleo.id])
    const { items } = (await reader.get('/search?q=aurora')).as<Page<SearchHit>>()
    expect(items[0]?.highlight).toBe('<mark>aurora</mark> at night')
    const candidates = await ctx.replica.read(({ search }) =>
      search.findCandidates({
        viewerId: ben.id,
        q: 'aurora',
        now: new Date(),
        asOf: new Date(),
        after: null,
        limit: 9,
      }),
    )
    expect(candidates.map(({ id }) => id)).toContain(deleted.id)
  })

  test('answers stats as they are there', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    await ava.tell({ text: 'before' })
    const { api } = beside((await makeCopy()).url)
    await ava.tell({ text: 'after' })
    expect([await posted(ava), await posted(ava.at(api))]).toEqual([2, 1])
  })
})

describe('a replica that is away', () => {
  /** It takes connections and never says a word. */
  const silent = () => Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })

  const everythingWorks = async (replicaUrl: string) => {
    const { api, ctx } = beside(replicaUrl, { replicaDeadlineMs: 300 })
    const [ava] = await cast(stage.instance(), 'ava')
    const story = await ava.tell({ text: 'polar night' })
    const [stats, search] = [await posted(ava.at(api)), await found(ava.at(api), 'polar')]
    expect({ stats, found: search.includes(story.id) }).toEqual({ stats: 1, found: true })
    const metrics = await ctx.metrics.registry.metrics()
    expect(metrics).toMatch(/replica_reads_total\{result="fell_back"\} [12]/)
    const { status, text } = await api.call('GET', '/healthz')
    expect([status, JSON.parse(text).checks]).toMatchObject([503, { replica: { status: 'error' } }])
    expect((await api.call('GET', '/readyz')).status).toBe(200)
  }

  test('from the start: the primary answers, health says so, and the service is ready', () =>
    everythingWorks('postgres://nobody:none@127.0.0.1:1/none'))

  test('and hangs: nobody waits for it beyond its deadline', async () => {
    const server = silent()
    await everythingWorks(`postgres://nobody:none@127.0.0.1:${server.port}/none`)
    server.stop(true)
  })

  test('from one moment to the next: the primary answers, and the replica again when it is back', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    const copy = await makeCopy()
    const { api } = beside(copy.url)
    await ava.tell({ text: 'only on the primary' })
    const reader = ava.at(api)
    expect(await posted(reader)).toBe(0)
    const name = new URL(copy.url).pathname.slice(1)
    const { sql } = stage.database()
    await sql.unsafe(`alter database ${name} allow_connections false`)
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`
    expect(await posted(reader)).toBe(1)
    await sql.unsafe(`alter database ${name} allow_connections true`)
    await until('the replica to answer again', async () => (await posted(reader)) === 0)
  })

  test('or behind in its schema: the primary answers', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    const copy = await makeCopy()
    await copy.sql`drop table author_days`
    await ava.tell({ text: 'counted' })
    expect(await posted(ava.at(beside(copy.url).api))).toBe(1)
  })
})

test('nothing but stats and search candidates is ever asked of it', async () => {
  const asked: string[] = []
  const copy = await makeCopy()
  const place = beside(copy.url, { onReplicaStatement: (statement) => asked.push(statement) })
  const { ctx, api } = place
  const ava = await signUp(api, 'ava')
  const ben = await signUp(api, 'ben')
  await ben.follow(ava)
  const story = await ava.tell({ visibility: 'friends', text: 'seen by many' })
  ;(await ben.post(`/stories/${story.id}/view`)).as(200)
  ;(await ben.post(`/stories/${story.id}/reactions`, { emoji: '🔥' })).as(201)
  for (const path of [
    '/feed',
    '/feed/authors',
    '/me',
    '/me/stories',
    '/me/following',
    '/users?q=ava',
    `/users/${ava.id}/stories`,
  ])
    (await ben.get(path)).as(200)
  for (const path of [`/stories/${story.id}`, `/stories/${story.id}/viewers`, '/me/followers'])
    (await ava.get(path)).as(200)
  ;(await ben.delete(`/stories/${story.id}/reactions`)).as(204)
  ;(await ben.delete(`/follow/${ava.id}`)).as(204)
  ;(await ava.delete(`/stories/${story.id}`)).as(204)
  await expireStories(ctx)
  await cleanUp(ctx)
  expect((await api.call('GET', '/readyz')).status).toBe(200)
  expect(asked).toEqual([])

  await posted(ava)
  await found(ava, 'many')
  expect(asked.filter((statement) => /author_days/.test(statement))).toHaveLength(1)
  expect(asked.filter((statement) => /websearch_to_tsquery/.test(statement)).length).toBeGreaterThan(0)
  expect(asked.filter((statement) => !/author_days|websearch_to_tsquery/.test(statement))).toEqual([])
  expect(
    asked.filter((statement) =>
      /insert|update|delete|ts_headline|users/i.test(statement.replaceAll('deleted_at', '')),
    ),
  ).toEqual([])
  const [{ n } = { n: 0 }] = await copy.sql`select count(*)::int as n from users where id = ${ava.id}`
  expect(n).toBe(0)
})
