import { afterAll, beforeAll, expect, test } from 'bun:test'
import { Command } from 'ioredis'
import { STACK_START_MS_MAX, useStage } from '../support/context'
import { readEvents } from '../support/read-stream'
import { ask, type RedisCluster, startRedisCluster } from '../support/redis-cluster'
import { HOUR } from '../support/steered-clock'
import { until } from '../support/until'
import { idsAt, warmFeed } from '../support/warm-feed'

/** A Redis Cluster passes writes on after it has answered them: whoever takes over may not have heard of the last ones. */

const stage = useStage()
let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster({ nodeTimeoutMs: 1000 })
}, STACK_START_MS_MAX)
afterAll(() => cluster.stop())

/** The place of the node that keeps what was removed. */
async function ownerOfRemoved(): Promise<number> {
  const slot = new Command('get', [`${stage.redisKeyPrefix()}:{removed}:version`]).getSlot() ?? 0
  const counts = await Promise.all(
    cluster.nodes.map(({ url }) => ask(url, (redis) => redis.cluster('COUNTKEYSINSLOT', slot))),
  )
  return counts.findIndex((count) => Number(count) > 0)
}

test('a replica takes over without having heard of a deletion: it stays gone, and all goes on without a restart', async () => {
  // No poll brings what a wake should.
  const options = { env: { REDIS_URL: cluster.url }, redisDeadlineMs: 1000, eventsPollMs: HOUR }
  const [one, two] = [stage.instance(options), stage.instance(options)]
  const { ava, ben, shared: kept, close: removed } = await warmFeed(one)
  for (const place of [one, two]) expect(await idsAt(ben, place, ava)).toEqual([removed.id, kept.id])
  const reader = await readEvents(two.listen(), { token: ava.token })

  const owner = await ownerOfRemoved()
  const master = cluster.nodes[owner]
  const replica = await cluster.addReplica(owner)
  replica.pause()
  await ask(master?.url ?? '', (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'replica'))
  ;(await ava.delete(`/stories/${removed.id}`)).as(204)
  expect(await idsAt(ben, two, ava)).toEqual([kept.id])
  await master?.stop()
  await until('the breakers to open', () => [one, two].every(({ ctx }) => !ctx.redis.isUp()))
  for (const place of [one, two]) expect(await idsAt(ben, place, ava)).toEqual([kept.id])
  replica.resume()
  await until('the breakers to close', () => [one, two].every(({ ctx }) => ctx.redis.isUp()), 20_000)

  const known = await ask(replica.url, (redis) =>
    redis.zscore(`${stage.redisKeyPrefix()}:{removed}:ids`, removed.id),
  )
  expect(known, 'the replica has heard of the deletion, so this shows nothing').toBeNull()
  for (const place of [one, two]) expect(await idsAt(ben, place, ava)).toEqual([kept.id])
  await until('both to listen for wakes again', async () => {
    const answers = await Promise.all(
      [...cluster.nodes.filter((node) => node !== master), replica].map(({ url }) =>
        ask(url, (redis) => redis.pubsub('NUMSUB', `${stage.redisKeyPrefix()}:events:wake`)),
      ),
    )
    return answers.reduce<number>((total, answer) => total + Number((answer as unknown[])[1]), 0) === 1
  })
  ;(await ben.at(one.api).post(`/stories/${kept.id}/view`)).as(200)
  await reader.until('the event', () => reader.events().length === 1)
  await reader.close()
}, 60_000)
