import { describe, expect, test } from 'bun:test'
import { aStory } from '../../../test/support/builders'
import { ben } from '../../../test/support/cast'
import { fakeClock } from '../../../test/support/fakes/clock'
import { memoryRedis } from '../../../test/support/fakes/memory-redis'
import { fakeRedisGate } from '../../../test/support/fakes/redis-gate'
import { createMetrics } from '../../platform/metrics'
import { presentStory } from '../stories/present'
import type { Story } from '../stories/schema'
import { createChangeLog } from './change-log'
import { createPageCache } from './page-cache'
import { createPageVersions } from './page-versions'

type Lease = Parameters<typeof createPageCache>[0]['changes']

const LIMIT = 20
const textOf = (body: string | Uint8Array) => Buffer.from(body).toString()
const present = (some: Parameters<typeof aStory>[0] = {}) =>
  presentStory(aStory(some), { urlFor: async () => '' })

function setUp(ttlSeconds = 45, lease?: Lease) {
  const clock = fakeClock()
  const memory = memoryRedis()
  const redis = fakeRedisGate(clock.nowMs, memory.commands)
  const changes = createChangeLog({ redis, leaseMs: 0 })
  const versions = createPageVersions(redis, clock.nowMs, changes, 0)
  const metrics = createMetrics({ processMetrics: false })
  const cache = createPageCache({
    redis,
    versions,
    changes: lease ?? changes,
    metrics,
    nowMs: clock.nowMs,
    ttlSeconds,
  })
  /** Looks, and on a miss loads and keeps these stories, as the feed does. */
  const load = async (items: Story[]) => {
    const found = await cache.find(ben.id, LIMIT)
    if (found.kind !== 'miss') throw new Error(`expected a miss, not a ${found.kind}`)
    const page = { items, next_cursor: null }
    await cache.keep(ben.id, LIMIT, found.stamp, page, JSON.stringify(page))
  }
  const idsFound = async (): Promise<string[] | string> => {
    const found = await cache.find(ben.id, LIMIT)
    return found.kind === 'hit'
      ? (JSON.parse(textOf(found.body)) as { items: Story[] }).items.map(({ id }) => id)
      : found.kind
  }
  return { clock, memory, redis, versions, changes, cache, load, idsFound, metrics }
}

describe('the page cache', () => {
  test('does not keep a page that took longer to make than it may live, nor longer than from when it was begun', async () => {
    const { cache, clock, idsFound } = setUp()
    const story = await present()
    const page = { items: [story], next_cursor: null }
    const keepAfter = async (seconds: number) => {
      const found = await cache.find(ben.id, LIMIT)
      if (found.kind !== 'miss') throw new Error(`expected a miss, not a ${found.kind}`)
      clock.advance(seconds)
      await cache.keep(ben.id, LIMIT, found.stamp, page, JSON.stringify(page))
    }
    await keepAfter(46)
    expect(await idsFound()).toBe('miss')
    await keepAfter(30)
    expect(await idsFound()).toEqual([story.id])
    clock.advance(16)
    expect(await idsFound()).toBe('miss')
  })
  test('misses, then hits with the very bytes', async () => {
    const { cache, load } = setUp()
    const story = await present()
    await load([story])
    const found = await cache.find(ben.id, LIMIT)
    if (found.kind !== 'hit') throw new Error(`expected a hit, not a ${found.kind}`)
    expect(textOf(found.body)).toBe(JSON.stringify({ items: [story], next_cursor: null }))
  })
  test('keeps each viewer apart, and of each one page, of the limit asked for last', async () => {
    const { cache, load, memory, idsFound } = setUp()
    await load([])
    expect((await cache.find('somebody', LIMIT)).kind).toBe('miss')
    const other = await cache.find(ben.id, 5)
    if (other.kind !== 'miss') throw new Error(`expected a miss, not a ${other.kind}`)
    await cache.keep(ben.id, 5, other.stamp, { items: [], next_cursor: null }, '{"items":[]}')
    expect((await cache.find(ben.id, 5)).kind).toBe('hit')
    expect(await idsFound()).toBe('miss')
    expect([...memory.texts.keys()].filter((key) => key.includes('feed'))).toHaveLength(1)
  })
  test('keeps a page of a hundred long texts', async () => {
    const { load, idsFound } = setUp()
    await load([await present({ text: 'x'.repeat(319 * 1024) })])
    expect(await idsFound()).toHaveLength(1)
  })
  test('keeps no page above that', async () => {
    const { load, idsFound } = setUp()
    await load([await present({ text: 'x'.repeat(320 * 1024) })])
    expect(await idsFound()).toBe('miss')
  })
  test('those of one moment share a round trip, and each gets the own page', async () => {
    const { cache, load, memory } = setUp()
    const story = await present()
    await load([story])
    const { sendCommand } = memory.commands
    let sent = 0
    memory.commands.sendCommand = ((command: never) => {
      sent++
      return sendCommand?.(command)
    }) as typeof sendCommand
    const asked = [ben.id, 'somebody', ben.id].map((viewerId) => cache.find(viewerId, LIMIT))
    const found = await Promise.all([...asked, cache.find(ben.id, 5)])
    expect(sent).toBe(1)
    expect(found.map((one) => (one.kind === 'hit' ? textOf(one.body).includes(story.id) : one.kind))).toEqual(
      [true, 'miss', true, 'miss'],
    )
  })
  test('cuts out what has expired since, before the bytes leave', async () => {
    const { clock, load, idsFound } = setUp()
    const [short, long] = [await present({ expiresAt: new Date(clock.nowMs() + 10_000) }), await present()]
    await load([short, long])
    clock.advance(9)
    expect(await idsFound()).toEqual([short.id, long.id])
    clock.advance(1)
    expect(await idsFound()).toEqual([long.id])
  })
  test('cuts out what was removed since', async () => {
    const { versions, load, idsFound } = setUp()
    const [gone, stays] = [await present(), await present()]
    await load([gone, stays])
    await versions.noteRemoved(gone.id)
    expect(await idsFound()).toEqual([stays.id])
  })
  test('works each removal in once, whoever’s story it was, and a later one again', async () => {
    const { versions, load, idsFound, memory } = setUp()
    const [gone, stays] = [await present(), await present()]
    const { zmscore } = memory.commands
    let looks = 0
    Object.assign(memory.commands, {
      zmscore: (...asked: Parameters<NonNullable<typeof zmscore>>) => {
        looks++
        return zmscore?.(...asked)
      },
    })
    await load([gone, stays])
    await versions.noteRemoved('of somebody')
    for (let i = 0; i < 3; i++) expect(await idsFound()).toEqual([gone.id, stays.id])
    expect(looks).toBe(1)
    await versions.noteRemoved(gone.id)
    for (let i = 0; i < 3; i++) expect(await idsFound()).toEqual([stays.id])
    expect(looks).toBe(2)
  })
  describe('marks what was viewed since', () => {
    const found = async ({ cache }: Pick<ReturnType<typeof setUp>, 'cache'>) => {
      const page = await cache.find(ben.id, LIMIT)
      if (page.kind !== 'hit') return page.kind
      return (JSON.parse(textOf(page.body)) as { items: Story[] }).items.map(({ viewer, counters }) => [
        viewer.has_viewed,
        counters.views,
      ])
    }
    test('by the viewer, once, and counts it', async () => {
      const stage = setUp()
      const [seen, other] = [await present({ views: 3 }), await present()]
      await stage.load([seen, other])
      expect(await found(stage)).toEqual([
        [false, 3],
        [false, 0],
      ])
      await stage.versions.noteViewed(ben.id, seen.id)
      await stage.versions.noteViewed('somebody', other.id)
      for (let i = 0; i < 2; i++)
        expect(await found(stage)).toEqual([
          [true, 4],
          [false, 0],
        ])
      await stage.versions.noteViewed(ben.id, other.id)
      expect(await found(stage)).toEqual([
        [true, 4],
        [true, 1],
      ])
    })
    test('also in a process that has not served the page yet', async () => {
      const stage = setUp()
      const story = await present()
      await stage.load([story])
      await stage.versions.noteViewed(ben.id, story.id)
      const elsewhere = createPageCache({ ...stage, nowMs: stage.clock.nowMs, ttlSeconds: 45 })
      expect(await found({ cache: elsewhere })).toEqual([[true, 1]])
    })
    test('and leaves alone what the page knew already, and the count of an own story', async () => {
      const stage = setUp()
      const [known, own] = [await present({ views: 7, hasViewed: true }), await present({ authorId: ben.id })]
      await stage.load([known, own])
      await stage.versions.noteViewed(ben.id, known.id)
      await stage.versions.noteViewed(ben.id, own.id)
      expect(await found(stage)).toEqual([
        [true, 7],
        [true, 0],
      ])
    })
    test('the very bytes leave when it was on another page', async () => {
      const stage = setUp()
      const story = await present()
      await stage.load([story])
      await stage.versions.noteViewed(ben.id, 'another')
      const page = await stage.cache.find(ben.id, LIMIT)
      expect(page.kind === 'hit' && textOf(page.body)).toBe(
        JSON.stringify({ items: [story], next_cursor: null }),
      )
    })
    test('and has the page made anew after many', async () => {
      const stage = setUp()
      await stage.load([await present()])
      for (let i = 0; i < 64; i++) await stage.versions.noteViewed(ben.id, crypto.randomUUID())
      expect(await found(stage)).toEqual([[false, 0]])
      await stage.versions.noteViewed(ben.id, crypto.randomUUID())
      expect(await found(stage)).toBe('miss')
      await stage.load([])
      expect(await found(stage)).toEqual([])
    })
    test('a view that could not be noted makes the page stale', async () => {
      const stage = setUp()
      await stage.load([await present()])
      stage.redis.goDown()
      await stage.versions.noteViewed(ben.id, 'a')
      await stage.redis.comeBack()
      stage.clock.advance(3)
      expect(await found(stage)).toBe('miss')
    })
  })
  test('a page of another version is no page', async () => {
    const { versions, load, idsFound } = setUp()
    await load([])
    await versions.renew([ben.id])
    expect(await idsFound()).toBe('miss')
  })
  test('a change while the page is loaded makes it stale, though it is kept afterwards', async () => {
    const { cache, versions, idsFound } = setUp()
    const found = await cache.find(ben.id, LIMIT)
    await versions.renew([ben.id])
    if (found.kind === 'miss')
      await cache.keep(ben.id, LIMIT, found.stamp, { items: [], next_cursor: null }, '{}')
    expect(await idsFound()).toBe('miss')
  })
  test('is off while Redis is away, and throws nothing', async () => {
    const { redis, load, cache, idsFound } = setUp()
    await load([])
    redis.goDown()
    expect(await idsFound()).toBe('off')
    const stamp = { version: 'v', removed: '', viewed: '', renderedAtMs: 0, failedMs: 0 }
    await cache.keep(ben.id, LIMIT, stamp, { items: [], next_cursor: null }, '{}')
  })
  test('after Redis came back, serves no page from before it went', async () => {
    const { clock, redis, load, idsFound } = setUp()
    await load([])
    clock.advance(1)
    redis.goDown()
    await redis.comeBack()
    expect(await idsFound()).toBe('miss')
    clock.advance(3)
    await load([])
    expect(await idsFound()).toEqual([])
  })
  test('starts anew when Redis was flushed', async () => {
    const { memory, load, idsFound } = setUp()
    await load([])
    memory.flush()
    expect(await idsFound()).toBe('miss')
  })
  test('with 0 seconds asks nothing and keeps nothing', async () => {
    const { memory, idsFound } = setUp(0)
    expect(await idsFound()).toBe('off')
    expect(memory.texts.size).toBe(0)
  })
  test('counts hits, misses and errors', async () => {
    const { redis, load, idsFound, metrics } = setUp()
    await load([])
    await idsFound()
    redis.goDown()
    await idsFound()
    const { values } = await metrics.cacheRequests.get()
    expect(values.map(({ labels, value }) => [labels.result, value])).toEqual([
      ['miss', 1],
      ['hit', 1],
      ['error', 1],
    ])
  })
})

describe('a page that is ready without asking', () => {
  /** A warm page of one story, of a process that knows of every position from `since` on that nothing changed. */
  async function warm(expiresInMs = 3_600_000) {
    const known = { position: 7, since: 0, followed: 0 }
    const stage = setUp(45, {
      position: () => known.position,
      isUnchanged: (_viewerId, position) => position >= known.since,
      follow: () => {
        known.followed++
      },
    })
    const story = await present({ expiresAt: new Date(stage.clock.nowMs() + expiresInMs) })
    await stage.load([story])
    const isReady = () => stage.cache.ready(ben.id, LIMIT) !== null
    return { ...stage, known, story, isReady }
  }

  test('is one that was found good, and the very bytes', async () => {
    const { cache, isReady, idsFound, story } = await warm()
    expect(isReady()).toBe(false)
    expect(await idsFound()).toEqual([story.id])
    expect(textOf(cache.ready(ben.id, LIMIT) ?? '')).toBe(
      JSON.stringify({ items: [story], next_cursor: null }),
    )
    expect([cache.ready('somebody', LIMIT), cache.ready(ben.id, 5)]).toEqual([null, null])
  })
  test('is good from the position before it was asked for, so that a change meanwhile counts', async () => {
    const { cache, memory, known, isReady } = await warm()
    const { sendCommand } = memory.commands
    for (const _ of ['found in Redis', 'found in memory']) {
      memory.commands.sendCommand = ((command: never) => {
        known.since = ++known.position
        return sendCommand?.(command)
      }) as typeof sendCommand
      await cache.find(ben.id, LIMIT)
      memory.commands.sendCommand = sendCommand
      expect(isReady()).toBe(false)
    }
    await cache.find(ben.id, LIMIT)
    expect(isReady()).toBe(true)
    known.since = known.position + 1
    expect(isReady()).toBe(false)
  })
  test('is none when a story on it has expired, until that is cut out', async () => {
    const { cache, clock, idsFound, isReady } = await warm(10_000)
    await idsFound()
    clock.advance(9)
    expect(isReady()).toBe(true)
    clock.advance(1)
    expect(isReady()).toBe(false)
    expect(await idsFound()).toEqual([])
    expect(textOf(cache.ready(ben.id, LIMIT) ?? '')).toBe('{"items":[],"next_cursor":null}')
  })
  test('is none when it is older than a page may be', async () => {
    const { clock, idsFound, isReady } = await warm()
    await idsFound()
    clock.advance(46)
    expect(isReady()).toBe(false)
  })
  test('is none when a story was removed since, until that is cut out', async () => {
    const { cache, versions, story, known, isReady } = await warm()
    await cache.find(ben.id, LIMIT)
    await versions.noteRemoved(story.id)
    known.since = ++known.position
    expect(isReady()).toBe(false)
    await cache.find(ben.id, LIMIT)
    expect(textOf(cache.ready(ben.id, LIMIT) ?? '')).toBe('{"items":[],"next_cursor":null}')
  })
  test('is none when a story was removed while others were being cut out', async () => {
    const { cache, versions, memory, known, isReady } = await warm()
    await versions.noteRemoved('of somebody')
    const { zmscore } = memory.commands
    Object.assign(memory.commands, {
      zmscore: (...asked: Parameters<NonNullable<typeof zmscore>>) => {
        known.since = ++known.position
        return zmscore?.(...asked)
      },
    })
    await cache.find(ben.id, LIMIT)
    expect(isReady()).toBe(false)
  })
  test('is followed by a busy process alone, and by whoever is served one', async () => {
    const { cache, known, isReady } = await warm()
    await Promise.all([1, 2, 3].map(() => cache.find(ben.id, LIMIT)))
    expect(known.followed).toBe(0)
    await Promise.all([1, 2, 3, 4].map(() => cache.find(ben.id, LIMIT)))
    expect(known.followed).toBe(1)
    expect(isReady()).toBe(true)
    expect(known.followed).toBe(2)
  })
})
