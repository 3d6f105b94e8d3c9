import { describe, expect, test } from 'bun:test'
import { Redis } from 'ioredis'
import { type Instance, useStage } from '../support/context'
import { cast } from '../support/crowd'
import { startOwnRedis, startSavingRedis } from '../support/own-redis'
import { until } from '../support/until'
import { idsAt, warmFeed } from '../support/warm-feed'

/** A Redis that lost what it had, or takes nothing more: cached feeds must not show what it does not know of. */

const stage = useStage()

describe('a Redis that came back with less than it had', () => {
  async function withLoss(
    lost: (scene: Awaited<ReturnType<typeof warmFeed>>) => Promise<unknown>,
    then: (
      scene: Awaited<ReturnType<typeof warmFeed>>,
      seer: Instance,
      newcomer: () => Instance,
    ) => Promise<void>,
  ) {
    const server = await startSavingRedis()
    try {
      const options = { env: { REDIS_URL: server.url }, redisDeadlineMs: 1000 }
      const seer = stage.instance(options)
      const scene = await warmFeed(seer)
      await server.save()
      await lost(scene)
      server.kill()
      await until('the breaker to open', () => !seer.ctx.redis.isUp())
      await server.comeBack()
      await until('the breaker to close', () => seer.ctx.redis.isUp())
      await then(scene, seer, () => stage.instance({ ...options, startedMs: Date.now() }))
    } finally {
      await server.stop()
    }
  }

  test('brings no deleted story back, not even at a process that starts afterwards', () =>
    withLoss(
      async ({ ava, shared }) => (await ava.delete(`/stories/${shared.id}`)).as(204),
      async ({ ava, ben, close }, _, newcomer) =>
        expect(await idsAt(ben, newcomer(), ava)).toEqual([close.id]),
    ))
  test('brings nothing back that an unfollow hid', () =>
    withLoss(
      ({ ava, ben }) => ben.unfollow(ava),
      async ({ ava, ben, shared }, _, newcomer) =>
        expect(await idsAt(ben, newcomer(), ava)).toEqual([shared.id]),
    ))
  test('hides nothing of somebody who is followed since', async () => {
    const [cleo] = await cast(stage.instance(), 'cleo')
    const told = await cleo.tell({ visibility: 'friends' })
    await withLoss(
      ({ ben }) => ben.follow(cleo),
      async ({ ben }, seer) => {
        await until('pages to be cached again', async () => seer.ctx.pageVersions.canServe(Date.now()))
        for (let time = 0; time < 3; time++) expect(await idsAt(ben, seer, cleo)).toEqual([told.id])
      },
    )
  })
})

describe('a Redis that refuses writes', () => {
  test.each([
    ['because it is full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['as the copy of another', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
    [
      'for lack of copies',
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
    ],
  ])('%s counts as away at every process, and is used again when it takes them', async (_, spoil, mend) => {
    const server = await startOwnRedis()
    const admin = new Redis(server.url)
    const tell = ([name = '', ...args]: string[]) => admin.call(name, ...args)
    try {
      const options = { env: { REDIS_URL: server.url }, redisDeadlineMs: 1000 }
      const [one, two] = [stage.instance(options), stage.instance(options)]
      const { ava, ben, shared, close } = await warmFeed(one)
      expect(await idsAt(ben, two, ava)).toEqual([close.id, shared.id])
      await tell(spoil)
      await until('the breakers to open', () => [one, two].every(({ ctx }) => !ctx.redis.isUp()))
      expect((await one.api.call('GET', '/healthz')).status).toBe(503)
      ;(await ava.at(two.api).delete(`/stories/${shared.id}`)).as(204)
      expect(await idsAt(ben, one, ava)).toEqual([close.id])
      await ben.at(two.api).unfollow(ava)
      expect(await idsAt(ben, one, ava)).toEqual([])
      await tell(mend)
      await until('the breakers to close', () => [one, two].every(({ ctx }) => ctx.redis.isUp()))
      for (const place of [one, two]) expect(await idsAt(ben, place, ava)).toEqual([])
    } finally {
      admin.disconnect()
      await server.stop()
    }
  })
})
