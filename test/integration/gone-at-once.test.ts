import { describe, expect, test } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import { RedisDown } from '../../src/platform/redis/client'
import { type Instance, useStage } from '../support/context'
import { cast } from '../support/crowd'
import { createSteeredClock } from '../support/steered-clock'
import { until } from '../support/until'
import { idsAt, storiesAt, warmFeed } from '../support/warm-feed'

/** Odd moments between a change and its word to other processes: nothing that was taken away is shown after the answer. */

const stage = useStage()

/** Two processes, of which the first answers Ben's page without asking Redis. */
async function leasedFeed() {
  const env = { FEED_LEASE_MS: '50' }
  const [one, two] = [stage.instance({ env }), stage.instance({ env })]
  const scene = await warmFeed(one)
  const { ava, ben } = scene
  await idsAt(ava, two, ava)
  await until('a lease', async () => {
    await Promise.all(Array.from({ length: 8 }, () => idsAt(ben, one, ava)))
    return one.ctx.pageCache.ready(ben.id, 20) !== null
  })
  return { ...scene, one, two }
}

describe('a process that takes Redis for away while others reach it', () => {
  // By hand: the breaker's own probe would find a Redis that is well, and close it at any time.
  const openBreaker = ({ ctx }: Instance) =>
    Object.assign(ctx.redis, { isUp: () => false, run: () => Promise.reject(new RedisDown()) })

  test('tells them of an unfollow nevertheless', async () => {
    const [one, two] = [stage.instance(), stage.instance()]
    const { ava, ben, close } = await warmFeed(one)
    await idsAt(ben, two, ava)
    openBreaker(two)
    await ben.at(two.api).unfollow(ava)
    expect(await idsAt(ben, one, ava)).not.toContain(close.id)
  })
  test('answers a deletion when their leases are over', async () => {
    const { one, two, ava, ben, close } = await leasedFeed()
    openBreaker(two)
    ;(await ava.at(two.api).delete(`/stories/${close.id}`)).as(204)
    expect(await idsAt(ben, one, ava)).not.toContain(close.id)
  })
})

test('a deletion is answered when leases are over of which a flushed Redis knows nothing', async () => {
  const { one, two, ava, ben, close } = await leasedFeed()
  await stage.dropRedisKeys()
  ;(await ava.at(two.api).delete(`/stories/${close.id}`)).as(204)
  expect(await idsAt(ben, one, ava)).not.toContain(close.id)
})

test('a page whose loading others joined shows them nothing that has ended meanwhile', async () => {
  const clock = createSteeredClock()
  const place = stage.instance({ clock, env: { STORY_TTL_SECONDS: '600' } })
  const [ava, ben] = await cast(place, 'ava', 'ben')
  const story = await ava.tell({ visibility: 'public' })
  const { promise, resolve } = Promise.withResolvers<void>()
  const { pageCache } = place.ctx
  let isKeeping = false
  // As if Redis were slow in keeping the page.
  Object.assign(pageCache, {
    keep: async () => {
      isKeeping = true
      await promise
    },
  })
  const first = idsAt(ben, place, ava)
  await until('the page to be kept', () => isKeeping)
  clock.set(new Date(Date.parse(story.expires_at) + 20))
  const second = idsAt(ben, place, ava)
  // It waits for the first one's page.
  await idsAt(ava, stage.instance({ clock }), ava)
  resolve()
  expect([await first, await second].flat()).not.toContain(story.id)
})

describe('a process that ends between a change and its word: whoever asks again, elsewhere, sees it', () => {
  /** From here on this process says nothing more to the others, as if it had been killed. */
  const fallSilent = ({ ctx }: Instance) => {
    const never = () => new Promise<never>(() => undefined)
    Object.assign(ctx.pageVersions, { renew: never, renewGraph: never, noteViewed: never })
  }
  /** The change is made at the first and told of by the second alone. */
  async function twice(
    change: (place: Instance) => Promise<unknown>,
    isMade: () => Promise<boolean>,
    one: Instance,
  ) {
    const silent = stage.instance()
    fallSilent(silent)
    void change(silent)
    await until('the change', isMade)
    await change(one)
  }
  const count = async (table: string, column: string, id: string) =>
    (
      await stage.database().sql`
      select 1 from ${stage.database().sql(table)} where ${stage.database().sql(column)} = ${id}`
    ).length

  test('a view', async () => {
    const one = stage.instance()
    const { ava, ben, shared } = await warmFeed(one)
    const view = ({ api }: Instance) => ben.at(api).post(`/stories/${shared.id}/view`)
    await twice(view, async () => (await count('story_views', 'story_id', shared.id)) === 1, one)
    for (let time = 0; time < 3; time++) (await view(one)).as(200)
    const seen = (await storiesAt(ben, one, ava)).find(({ id }) => id === shared.id)
    expect(seen).toMatchObject({ viewer: { has_viewed: true }, counters: { views: 1 } })
  })
  test('a reaction, and taking it back', async () => {
    const one = stage.instance()
    const { ava, ben, shared } = await warmFeed(one)
    const reaction = async () =>
      (await storiesAt(ben, one, ava)).find(({ id }) => id === shared.id)?.viewer.reaction
    const react = ({ api }: Instance) => ben.at(api).post(`/stories/${shared.id}/reactions`, { emoji: '🔥' })
    await twice(react, async () => (await count('reactions', 'story_id', shared.id)) === 1, one)
    expect(await reaction()).toBe('🔥')
    const takeBack = ({ api }: Instance) => ben.at(api).delete(`/stories/${shared.id}/reactions`)
    await twice(takeBack, async () => (await count('reactions', 'story_id', shared.id)) === 0, one)
    expect(await reaction()).toBeNull()
  })
  test('a follow', async () => {
    const one = stage.instance()
    const { ava, ben, close } = await warmFeed(one)
    await ben.unfollow(ava)
    expect(await idsAt(ben, one, ava)).not.toContain(close.id)
    const follow = ({ api }: Instance) => ben.at(api).follow(ava)
    await twice(follow, async () => (await count('follows', 'follower_id', ben.id)) === 1, one)
    expect(await idsAt(ben, one, ava)).toContain(close.id)
  })
  test('a story', async () => {
    const one = stage.instance()
    const { ben } = await warmFeed(one)
    const headers = { 'Idempotency-Key': 'once' }
    const post = ({ api }: Instance) =>
      ben.at(api).post('/stories', { text: 'mine', visibility: 'public' }, headers)
    await twice(post, async () => (await count('stories', 'author_id', ben.id)) === 1, one)
    const story = (await post(one)).as<Story>(201)
    expect(await idsAt(ben, one, ben)).toContain(story.id)
  })
  test('a deletion', async () => {
    const [one, two] = [stage.instance(), stage.instance()]
    const { ava, ben, shared } = await warmFeed(one)
    const { noteRemoved } = two.ctx.pageVersions
    let notes = 0
    // After the first note a page is loaded that has the story yet; the second note is never made.
    Object.assign(two.ctx.pageVersions, {
      async noteRemoved(id: string) {
        if (notes++ > 0) return new Promise<never>(() => undefined)
        await noteRemoved(id)
        await one.ctx.pageVersions.renew([ben.id])
        expect(await idsAt(ben, one, ava)).toContain(shared.id)
      },
    })
    void ava.at(two.api).delete(`/stories/${shared.id}`)
    await until('the deletion', () => notes === 2)
    ;(await ava.at(one.api).delete(`/stories/${shared.id}`)).as(404)
    expect(await idsAt(ben, one, ava)).not.toContain(shared.id)
  })
})
