import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Command } from 'ioredis'
import type { Story } from '../../src/features/stories/schema'
import type { Page } from '../../src/kernel/cursor'
import { type Instance, type Overrides, STACK_START_MS_MAX, useStage } from '../support/context'
import { cast } from '../support/crowd'
import { readEvents } from '../support/read-stream'
import { ask, type RedisCluster, startRedisCluster } from '../support/redis-cluster'
import { countRefills } from '../support/refilled'
import { HOUR } from '../support/steered-clock'
import { until } from '../support/until'

/** What Redis does for the service, done by a Cluster of three nodes; and what happens when one of them is away. */

const stage = useStage()
let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster()
}, STACK_START_MS_MAX)
afterAll(() => cluster.stop())

const instance = ({ env, ...rest }: Overrides = {}): Instance =>
  stage.instance({ ...rest, env: { REDIS_URL: cluster.url, ...env } })
const nodeUrl = (i: number): string => cluster.nodes[i]?.url ?? ''

const hits = async ({ ctx }: Instance): Promise<number> => {
  const { values } = await ctx.metrics.cacheRequests.get()
  return values.find(({ labels }) => labels.cache === 'feed_page' && labels.result === 'hit')?.value ?? 0
}
const errors = async ({ ctx }: Instance): Promise<number> =>
  (await ctx.metrics.cacheRequests.get()).values
    .filter(({ labels }) => labels.result === 'error')
    .reduce((total, { value }) => total + value, 0)

/** Ava's two stories on Ben's warm page, at two instances. */
async function warmFeed(overrides: Overrides = {}) {
  const [one, two] = [instance(overrides), instance(overrides)]
  const [ava, ben] = await cast(one, 'ava', 'ben')
  await ben.follow(ava)
  const shared = await ava.tell({ visibility: 'public' })
  const close = await ava.tell({ visibility: 'friends' })
  const idsAt = async ({ api }: Instance) =>
    (await ben.at(api).get('/feed'))
      .as<Page<Story>>()
      .items.filter((story) => story.author_id === ava.id)
      .map((story) => story.id)
  for (const place of [one, two]) expect(await idsAt(place)).toEqual([close.id, shared.id])
  return { one, two, ava, ben, shared, close, idsAt }
}

describe('with a cluster', () => {
  test('a page is kept for all instances, and dropped at all by a post, a follow and an unfollow', async () => {
    const { one, two, ava, ben, shared, close, idsAt } = await warmFeed()
    const before = (await hits(one)) + (await hits(two))
    for (const place of [one, two]) expect(await idsAt(place)).toEqual([close.id, shared.id])
    expect((await hits(one)) + (await hits(two))).toBe(before + 2)
    await ben.at(two.api).unfollow(ava)
    for (const place of [one, two]) expect(await idsAt(place)).toEqual([shared.id])
    await ben.follow(ava)
    for (const place of [one, two]) expect(await idsAt(place)).toEqual([close.id, shared.id])
    const own = await ben.tell({ text: 'mine' })
    const first = (await ben.at(two.api).get('/feed')).as<Page<Story>>().items[0]
    expect(first?.id).toBe(own.id)
    expect((await errors(one)) + (await errors(two))).toBe(0)
  })

  test('a deleted story is cut out of warm pages at once, at every instance', async () => {
    const { one, two, ava, shared, close, idsAt } = await warmFeed()
    const before = (await hits(one)) + (await hits(two))
    ;(await ava.at(two.api).delete(`/stories/${shared.id}`)).as(204)
    for (const place of [one, two]) expect(await idsAt(place)).toEqual([close.id])
    expect((await hits(one)) + (await hits(two))).toBe(before + 2)
  })

  test('limits count exactly over all instances', async () => {
    const env = { RATE_LIMIT_STORIES_PER_MIN: '20' }
    const places = [instance({ env }), instance({ env })]
    const [ava] = await cast(places[0] ?? instance(), 'ava')
    const refilled = countRefills(20)
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        ava.at((places[i % 2] ?? instance()).api).post('/stories', { text: 'hi', visibility: 'public' }),
      ),
    )
    const passed = answers.filter(({ status }) => status === 201).length
    expect(passed).toBeWithin(20, 20 + refilled() + 1)
  })

  test('an event at one instance wakes the streams of another, and a stream too many ends the oldest', async () => {
    const env = { EVENTS_MAX_STREAMS_PER_USER: '2' }
    // No poll brings what the wake should.
    const places = { env, eventsPollMs: HOUR }
    const [one, two] = [instance(places), instance(places)]
    const [ava, ben] = await cast(one, 'ava', 'ben')
    const story = await ava.tell({})
    const urls = [one.listen(), two.listen()]
    const open = (i: number) => readEvents(urls[i % 2] ?? '', { token: ava.token })
    const readers = [await open(0), await open(1)]
    const channel = `${stage.redisKeyPrefix()}:events:wake`
    await until('both subscriptions, whichever nodes they chose', async () => {
      const counts = await Promise.all(
        cluster.nodes.map(({ url }) => ask(url, (redis) => redis.pubsub('NUMSUB', channel))),
      )
      return counts.reduce((total, answer) => total + Number((answer as [string, number])[1]), 0) === 2
    })
    ;(await ben.post(`/stories/${story.id}/view`)).as(200)
    for (const reader of readers) await reader.until('the event', () => reader.events().length === 1)
    readers.push(await open(0))
    await readers[0]?.ended()
    expect(readers.map((reader) => reader.hasEnded())).toEqual([true, false, false])
    for (const reader of readers) await reader.close()
  })

  test('a slot that moves to another node is followed', async () => {
    const { one, two, ava, shared, close, idsAt } = await warmFeed()
    // A removal, so that there is something to move.
    ;(await ava.delete(`/stories/${(await ava.tell({})).id}`)).as(204)
    const slot = new Command('get', [`${stage.redisKeyPrefix()}:{removed}:version`]).getSlot() ?? 0
    const ids = await Promise.all(cluster.nodes.map(({ url }) => ask(url, (redis) => redis.cluster('MYID'))))
    const owners = await Promise.all(
      cluster.nodes.map(({ url }) => ask(url, (redis) => redis.cluster('COUNTKEYSINSLOT', slot))),
    )
    const from = owners.findIndex((count) => Number(count) > 0)
    const to = (from + 1) % ids.length
    const port = Number(new URL(nodeUrl(to)).port)
    await ask(nodeUrl(to), (redis) => redis.cluster('SETSLOT', slot, 'IMPORTING', String(ids[from])))
    await ask(nodeUrl(from), async (redis) => {
      await redis.cluster('SETSLOT', slot, 'MIGRATING', String(ids[to]))
      const keys = (await redis.cluster('GETKEYSINSLOT', slot, 100)) as string[]
      const password = decodeURIComponent(new URL(nodeUrl(to)).password)
      await redis.migrate('127.0.0.1', port, '', 0, 5000, 'AUTH', password, 'KEYS', ...keys)
    })
    // Half-way: the keys are there already, the slot is not.
    ;(await ava.delete(`/stories/${shared.id}`)).as(204)
    for (const place of [one, two]) expect(await idsAt(place)).toEqual([close.id])
    for (const node of [to, from])
      await ask(nodeUrl(node), (redis) => redis.cluster('SETSLOT', slot, 'NODE', String(ids[to])))
    ;(await ava.delete(`/stories/${close.id}`)).as(204)
    for (const place of [one, two]) expect(await idsAt(place)).toEqual([])
    expect([one.ctx.redis.lastFailureMs(), two.ctx.redis.lastFailureMs()]).toEqual([0, 0])
  })
})

describe('with a node of the cluster', () => {
  const overrides = { redisDeadlineMs: 1000 }
  const health = async ({ api }: Instance) => {
    const { status, text } = await api.call('GET', '/healthz')
    return [status, (JSON.parse(text) as { checks: { redis: { status: string } } }).checks.redis.status]
  }
  /** What holds while Redis is away as a whole, and once it is back. */
  async function goThrough(takeAway: () => Promise<void> | void, giveBack: () => Promise<void> | void) {
    const { one, two, ava, ben, shared, close, idsAt } = await warmFeed(overrides)
    await takeAway()
    await ben.unfollow(ava)
    await until('the breakers to open', () => [one, two].every(({ ctx }) => !ctx.redis.isUp()))
    for (const place of [one, two]) expect(await idsAt(place)).toEqual([shared.id])
    expect(await health(one)).toEqual([503, 'error'])
    const pings = await Promise.allSettled(Array.from({ length: 6 }, () => one.ctx.redis.ping()))
    expect(pings.map((ping) => ping.status)).toEqual(pings.map(() => 'rejected'))
    expect((await one.api.call('GET', '/readyz')).status).toBe(200)
    ;(await ben.at(two.api).post(`/stories/${shared.id}/view`)).as(200)
    await giveBack()
    await until('the breakers to close', () => [one, two].every(({ ctx }) => ctx.redis.isUp()), 20_000)
    for (const place of [one, two]) expect(await idsAt(place)).toEqual([shared.id])
    await until('health to tell', async () => (await health(one))[0] === 200)
    expect(await idsAt(one)).not.toContain(close.id)
  }

  test('stopped, the service goes on without Redis, hides at once, and comes back with it', async () => {
    await goThrough(
      () => cluster.nodes[1]?.stop(),
      () => cluster.nodes[1]?.start(),
    )
  }, 60_000)
  test('paused, the same', async () => {
    await goThrough(
      () => cluster.nodes[2]?.pause(),
      () => cluster.nodes[2]?.resume(),
    )
  }, 60_000)
})
