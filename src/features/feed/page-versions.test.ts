import { describe, expect, test } from 'bun:test'
import { ava, ben } from '../../../test/support/cast'
import { fakeClock } from '../../../test/support/fakes/clock'
import { memoryRedis } from '../../../test/support/fakes/memory-redis'
import { fakeRedisGate } from '../../../test/support/fakes/redis-gate'
import { createChangeLog } from './change-log'
import { createPageVersions } from './page-versions'

function setUp() {
  const clock = fakeClock()
  const memory = memoryRedis(clock.nowMs)
  const redis = fakeRedisGate(clock.nowMs, memory.commands)
  return {
    clock,
    memory,
    redis,
    versions: createPageVersions(redis, clock.nowMs, createChangeLog({ redis, leaseMs: 0 }), 0),
  }
}
const LATER = Number.MAX_SAFE_INTEGER

describe('page versions', () => {
  test('are made once and stay until renewed', async () => {
    const { versions } = setUp()
    const first = await versions.ensure(ben.id)
    expect(await versions.ensure(ben.id)).toBe(first)
    await versions.renew([ava.id, ben.id])
    expect(await versions.ensure(ben.id)).not.toBe(first)
  })
  test('removed stories are found among others, until no page can have them', async () => {
    const { versions, clock } = setUp()
    await versions.noteRemoved('a')
    const before = await versions.current([ben.id])
    expect(await versions.removedAmong(['a', 'b'])).toEqual(new Set(['a']))
    expect(await versions.removedAmong([])).toEqual(new Set())
    clock.advance(121)
    await versions.noteRemoved('b')
    expect(await versions.removedAmong(['a', 'b'])).toEqual(new Set(['b']))
    expect((await versions.current([ben.id])).removed).not.toBe(before.removed)
  })
  test('removed stories are remembered by the clock of Redis, whatever that of an instance says', async () => {
    const { clock, redis, versions } = setUp()
    const setBack = createPageVersions(
      redis,
      () => clock.nowMs() - 3_600_000,
      createChangeLog({ redis, leaseMs: 0 }),
      0,
    )
    await setBack.noteRemoved('a')
    await versions.noteRemoved('b')
    expect(await versions.removedAmong(['a', 'b'])).toEqual(new Set(['a', 'b']))
  })
  test('a change that cannot reach Redis throws nothing, and nothing is served until it has', async () => {
    const { versions, redis, clock } = setUp()
    const before = await versions.ensure(ben.id)
    expect(versions.canServe(clock.nowMs())).toBe(true)
    redis.goDown()
    await versions.renew([ben.id])
    await versions.noteRemoved('a')
    expect(versions.canServe(LATER)).toBe(false)
    await redis.comeBack()
    expect(versions.canServe(LATER)).toBe(true)
    expect(await versions.ensure(ben.id)).not.toBe(before)
    expect(await versions.removedAmong(['a'])).toEqual(new Set(['a']))
  })
  test('pages from before a failure are not served, nor those that a skewed clock may have made before it', async () => {
    const { versions, redis, clock } = setUp()
    const madeMs = clock.nowMs()
    clock.advance(10)
    redis.goDown()
    await redis.comeBack()
    expect(versions.canServe(madeMs)).toBe(false)
    expect(versions.canServe(clock.nowMs() + 1999)).toBe(false)
    expect(versions.canServe(clock.nowMs() + 2001)).toBe(true)
  })
  test('a change that fails while the same one is made good is owed anew', async () => {
    const { versions, redis, memory } = setUp()
    redis.goDown()
    await versions.renew([ben.id])
    const commands = memory.commands as { eval: (...args: unknown[]) => Promise<unknown> }
    const before = commands.eval
    commands.eval = async (...args) => {
      commands.eval = before
      const done = await before(...args)
      await versions.renew([ben.id])
      return done
    }
    await redis.comeBack()
    expect(versions.canServe(LATER)).toBe(false)
    await redis.comeBack()
    expect(versions.canServe(LATER)).toBe(true)
  })
  test('a failed recovery leaves the changes to be made again', async () => {
    const { versions, redis, memory } = setUp()
    const before = await versions.ensure(ben.id)
    redis.goDown()
    await versions.renew([ben.id])
    const commands = memory.commands as { eval: (...args: unknown[]) => Promise<unknown> }
    const asBefore = commands.eval
    commands.eval = () => Promise.reject(new Error('still away'))
    await expect(redis.comeBack()).rejects.toThrow('still away')
    commands.eval = asBefore
    await redis.comeBack()
    expect(await versions.ensure(ben.id)).not.toBe(before)
  })
  test('too many changes at once cost every page for a while, not memory', async () => {
    const { versions, redis, clock } = setUp()
    redis.goDown()
    await versions.renew(Array.from({ length: 100_001 }, (_, i) => `viewer-${i}`))
    await redis.comeBack()
    expect(versions.canServe(clock.nowMs() + 119_000)).toBe(false)
    expect(versions.canServe(clock.nowMs() + 121_000)).toBe(true)
  })
})
