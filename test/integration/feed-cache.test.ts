import { describe, expect, test } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import type { Page } from '../../src/kernel/cursor'
import { type Instance, useStage } from '../support/context'
import { cast } from '../support/crowd'
import { createSteeredClock, SECOND } from '../support/steered-clock'
import { until } from '../support/until'

/** The cached first page may lag in showing a story, never in hiding one, nor in what the viewer just did. */

const stage = useStage()

const lookUps = async (instance: Instance, cache: string, result: string): Promise<number> => {
  const { values } = await instance.ctx.metrics.cacheRequests.get()
  return values.find(({ labels }) => labels.cache === cache && labels.result === result)?.value ?? 0
}

/** Ava's stories in the feed of a viewer who has a warm page with them. */
async function warmFeed(instance: Instance) {
  const [ava, ben] = await cast(instance, 'ava', 'ben')
  await ben.follow(ava)
  const shared = await ava.tell({ visibility: 'public', text: 'for all' })
  const close = await ava.tell({ visibility: 'friends', text: 'for friends' })
  const read = async () =>
    (await ben.get('/feed')).as<Page<Story>>().items.filter((story) => story.author_id === ava.id)
  const ids = async () => (await read()).map((story) => story.id)
  expect(await ids()).toEqual([close.id, shared.id])
  const hits = await lookUps(instance, 'feed_page', 'hit')
  expect(await ids()).toEqual([close.id, shared.id])
  expect(await lookUps(instance, 'feed_page', 'hit')).toBe(hits + 1)
  return { ava, ben, shared, close, read, ids }
}

describe('the cached page', () => {
  test('is served without any statement', async () => {
    const statements: string[] = []
    // Who was let in is not looked up again while the clock stands still.
    const clock = createSteeredClock()
    const instance = stage.instance({ clock, onStatement: (statement) => statements.push(statement) })
    const { ids } = await warmFeed(instance)
    statements.length = 0
    expect(await ids()).toHaveLength(2)
    expect(statements).toEqual([])
  })

  test('loses friends stories at the unfollow', async () => {
    const { ava, ben, shared, ids } = await warmFeed(stage.instance())
    await ben.unfollow(ava)
    expect(await ids()).toEqual([shared.id])
    await ben.follow(ava)
    expect(await ids()).toHaveLength(2)
  })

  test('loses friends stories when the other side unfollows under the mutual rule', async () => {
    const instance = stage.instance({ env: { FRIENDS_RULE: 'mutual' } })
    const [ava, ben] = await cast(instance, 'ava', 'ben')
    await ben.follow(ava)
    await ava.follow(ben)
    const close = await ava.tell({ visibility: 'friends' })
    const ids = async () => (await ben.get('/feed')).as<Page<Story>>().items.map((story) => story.id)
    expect(await ids()).toContain(close.id)
    await ava.unfollow(ben)
    expect(await ids()).not.toContain(close.id)
  })

  test('loses a deleted story, also one deleted by another instance', async () => {
    const { ava, close, shared, ids } = await warmFeed(stage.instance())
    ;(await ava.at(stage.instance().api).delete(`/stories/${shared.id}`)).as(204)
    expect(await ids()).toEqual([close.id])
    ;(await ava.delete(`/stories/${close.id}`)).as(204)
    expect(await ids()).toEqual([])
  })

  test.each(['a deletion', 'an unfollow'])(
    'is gone at once after %s at another instance, also where a busy one answers without asking',
    async (what) => {
      const env = { FEED_LEASE_MS: '50' }
      const [busy, other] = [stage.instance({ env }), stage.instance({ env })]
      const { ava, ben, close, ids } = await warmFeed(busy)
      const isReady = () => busy.ctx.pageCache.ready(ben.id, 20) !== null
      await until('the page to be ready', async () => {
        await Promise.all(Array.from({ length: 8 }, ids))
        return isReady()
      })
      await (what === 'a deletion'
        ? ava.at(other.api).delete(`/stories/${close.id}`)
        : ben.at(other.api).unfollow(ava))
      expect(await ids()).not.toContain(close.id)
    },
  )

  test('loses a story at the moment it expires', async () => {
    const clock = createSteeredClock()
    const { ids, close } = await warmFeed(stage.instance({ clock, env: { STORY_TTL_SECONDS: '600' } }))
    clock.set(new Date(Date.parse(close.expires_at) - 1))
    expect(await ids()).toContain(close.id)
    clock.advanceMs(1)
    expect(await ids()).toEqual([])
  })

  test('shows what the viewer just viewed, reacted to, took back and posted', async () => {
    const { ben, shared, read } = await warmFeed(stage.instance())
    const stateOf = async () => (await read()).find((story) => story.id === shared.id)
    expect((await stateOf())?.viewer).toEqual({ has_viewed: false, reaction: null })
    ;(await ben.post(`/stories/${shared.id}/view`)).as(200)
    expect((await stateOf())?.viewer).toEqual({ has_viewed: true, reaction: null })
    ;(await ben.post(`/stories/${shared.id}/reactions`, { emoji: '😂' })).as(201)
    const after = await stateOf()
    expect(after?.viewer.reaction).toBe('😂')
    expect(after?.counters).toMatchObject({ views: 1, reactions: { '😂': 1 } })
    ;(await ben.delete(`/stories/${shared.id}/reactions`)).as(204)
    expect((await stateOf())?.viewer.reaction).toBeNull()
    const own = await ben.tell({ text: 'mine' })
    const ids = (await ben.get('/feed')).as<Page<Story>>().items.map((story) => story.id)
    expect(ids[0]).toBe(own.id)
  })

  test('shows what the viewer did at another instance', async () => {
    const { ben, shared, read } = await warmFeed(stage.instance())
    ;(await ben.at(stage.instance().api).post(`/stories/${shared.id}/view`)).as(200)
    expect((await read()).find((story) => story.id === shared.id)?.viewer.has_viewed).toBe(true)
  })

  test('shows as viewed what was viewed between its making and its serving, without asking the database', async () => {
    const statements: string[] = []
    const clock = createSteeredClock()
    const instance = stage.instance({ clock, onStatement: (text) => statements.push(text) })
    const { ben, close, shared, read } = await warmFeed(instance)
    await Promise.all([close, shared].map((story) => ben.post(`/stories/${story.id}/view`)))
    statements.length = 0
    const items = await read()
    expect(items.map(({ viewer, counters }) => [viewer.has_viewed, counters.views])).toEqual([
      [true, 1],
      [true, 1],
    ])
    expect(statements).toEqual([])
  })

  test('leaves nothing in Redis that stays there: views without a page are not noted, and notes end with the version', async () => {
    const instance = stage.instance()
    const [ava, ben] = await cast(instance, 'ava', 'ben')
    const story = await ava.tell({ visibility: 'public' })
    const key = instance.ctx.redis.key('version', `{${ben.id}}`)
    ;(await ben.post(`/stories/${story.id}/view`)).as(200)
    expect(await stage.redis().exists(key)).toBe(0)
    ;(await ben.get('/feed')).as(200)
    const another = await ava.tell({ visibility: 'public' })
    ;(await ben.post(`/stories/${another.id}/view`)).as(200)
    expect(await stage.redis().get(key)).toEndWith(`,${another.id}`)
    expect(await stage.redis().ttl(key)).toBeGreaterThan(0)
  })

  test('is made anew when Redis was flushed', async () => {
    const { ids, close, shared } = await warmFeed(stage.instance())
    await stage.dropRedisKeys()
    expect(await ids()).toEqual([close.id, shared.id])
  })

  test('cannot keep what changed while it was being loaded', async () => {
    const instance = stage.instance()
    const { ava, ben, close, ids } = await warmFeed(instance)
    await ben.post(`/stories/${close.id}/reactions`, { emoji: '🔥' })
    const { pageCache } = instance.ctx
    const found = await pageCache.find(ben.id, 20)
    if (found.kind !== 'miss') throw new Error('the page should be stale')
    const stale = (await ben.get('/feed?limit=20')).as<Page<Story>>()
    await ben.unfollow(ava)
    await pageCache.keep(ben.id, 20, found.stamp, stale, JSON.stringify(stale))
    expect(await ids()).not.toContain(close.id)
  })

  test('is kept for FEED_CACHE_SECONDS at most', async () => {
    const instance = stage.instance({ env: { FEED_CACHE_SECONDS: '45' } })
    const { ben } = await warmFeed(instance)
    const ttlMs = await stage.redis().pttl(`${stage.redisKeyPrefix()}:feed:${ben.id}`)
    expect(ttlMs).toBeGreaterThan(30 * SECOND)
    expect(ttlMs).toBeLessThanOrEqual(45 * SECOND)
  })

  test('is not used with FEED_CACHE_SECONDS=0', async () => {
    const instance = stage.instance({ env: { FEED_CACHE_SECONDS: '0' } })
    const ben = (await cast(instance, 'ben'))[0]
    const story = await ben.tell({})
    for (let i = 0; i < 2; i++) {
      expect((await ben.get('/feed')).as<Page<Story>>().items[0]?.id).toBe(story.id)
    }
    expect(await stage.redis().exists(`${stage.redisKeyPrefix()}:feed:${ben.id}`)).toBe(0)
  })

  test('of one person is nobody else’s', async () => {
    const instance = stage.instance()
    const { close } = await warmFeed(instance)
    const cleo = (await cast(instance, 'cleo'))[0]
    const ids = (await cleo.get('/feed')).as<Page<Story>>().items.map((story) => story.id)
    expect(ids).not.toContain(close.id)
  })
})

describe('the followees in Redis', () => {
  test('are read once, then found, and left behind by a follow or unfollow', async () => {
    const statements: string[] = []
    const instance = stage.instance({
      env: { FEED_CACHE_SECONDS: '0' },
      onStatement: (statement) => statements.push(statement),
    })
    const [ava, ben] = await cast(instance, 'ava', 'ben')
    await ava.tell({})
    await ben.follow(ava)
    const graphReads = async () => {
      statements.length = 0
      ;(await ben.get('/feed')).as(200)
      return statements.filter((statement) => /^select "followee_id" from "follows"/.test(statement)).length
    }
    expect(await graphReads()).toBe(1)
    expect(await graphReads()).toBe(0)
    expect(await lookUps(instance, 'followees', 'hit')).toBeGreaterThan(0)
    await ben.unfollow(ava)
    expect(await graphReads()).toBe(1)
  })
})
