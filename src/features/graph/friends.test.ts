import { describe, expect, test } from 'bun:test'
import { ava, ben, cleo } from '../../../test/support/cast'
import { fakeClock } from '../../../test/support/fakes/clock'
import { memoryRedis } from '../../../test/support/fakes/memory-redis'
import { fakeRedisGate } from '../../../test/support/fakes/redis-gate'
import type { FriendsRule } from '../../config'
import { createMetrics } from '../../platform/metrics'
import { createChangeLog } from '../feed/change-log'
import { createPageVersions } from '../feed/page-versions'
import { createFriends } from './friends'

type Setting = { rule?: FriendsRule; followsTooMany?: boolean }

/** ben follows ava and cleo; only ava follows back. `asked` notes each question to the database. */
function setUp({ rule = 'following', followsTooMany = false }: Setting = {}) {
  const clock = fakeClock()
  const memory = memoryRedis()
  const redis = fakeRedisGate(clock.nowMs, memory.commands)
  const versions = createPageVersions(redis, clock.nowMs, createChangeLog({ redis, leaseMs: 0 }), 0)
  const asked: string[] = []
  const answer =
    <T>(name: string, value: T) =>
    async () => {
      asked.push(name)
      return value
    }
  const load = (name: string, ids: string[]) => answer(name, followsTooMany ? null : ids)
  const graph = {
    followeeIds: load('followeeIds', [ava.id, cleo.id]),
    mutualIds: load('mutualIds', [ava.id]),
    friendsAmong: answer('friendsAmong', new Set([ava.id])),
  }
  const metrics = createMetrics({ processMetrics: false })
  return { memory, redis, versions, asked, friends: createFriends({ redis, versions, graph, metrics, rule }) }
}

describe('friends', () => {
  test('are loaded once and then found in Redis', async () => {
    const { friends, asked } = setUp()
    expect(await friends.among(ben.id, [ava.id, 'x'])).toEqual(new Set([ava.id]))
    expect(await friends.among(ben.id, ['x', cleo.id])).toEqual(new Set([cleo.id]))
    expect(asked).toEqual(['followeeIds'])
  })
  test('are loaded anew after a follow or unfollow, and not after a view or reaction', async () => {
    const { friends, versions, asked } = setUp()
    await friends.among(ben.id, [ava.id])
    await versions.renew([ben.id])
    await friends.among(ben.id, [ava.id])
    expect(asked).toEqual(['followeeIds'])
    await versions.renewGraph([ben.id])
    await friends.among(ben.id, [ava.id])
    expect(asked).toEqual(['followeeIds', 'followeeIds'])
  })
  test('of an older version take no place beside the newer ones', async () => {
    const { friends, versions, memory } = setUp()
    for (let turn = 0; turn < 3; turn++) {
      await friends.among(ben.id, [ava.id])
      await versions.renewGraph([ben.id])
    }
    expect(memory.sets.size).toBe(1)
    const [[, members] = []] = memory.sets
    expect(members?.size).toBe(3)
  })
  test('under the mutual rule are those who follow back', async () => {
    const { friends, asked } = setUp({ rule: 'mutual' })
    expect(await friends.among(ben.id, [ava.id, cleo.id])).toEqual(new Set([ava.id]))
    expect(asked).toEqual(['mutualIds'])
  })
  test.each<[FriendsRule, string]>([
    ['following', 'followeeIds'],
    ['mutual', 'mutualIds'],
  ])(
    'of somebody who follows too many are looked for once, then asked author by author (%s)',
    async (rule, load) => {
      const { friends, versions, asked } = setUp({ rule, followsTooMany: true })
      for (let page = 0; page < 3; page++)
        expect(await friends.among(ben.id, [ava.id, 'x'])).toEqual(new Set([ava.id]))
      expect(asked).toEqual([load, 'friendsAmong', 'friendsAmong', 'friendsAmong'])
      await versions.renewGraph([ben.id])
      await friends.among(ben.id, [ava.id])
      expect(asked.slice(4)).toEqual([load, 'friendsAmong'])
    },
  )
  test('are asked of the database while Redis is away', async () => {
    const { friends, redis, asked } = setUp()
    redis.goDown()
    expect(await friends.among(ben.id, [ava.id])).toEqual(new Set([ava.id]))
    expect(asked).toEqual(['friendsAmong'])
  })
  test('are asked of the database while a change waits for Redis', async () => {
    const { friends, redis, versions, asked } = setUp()
    await friends.among(ben.id, [ava.id])
    redis.goDown()
    await versions.renew([ben.id])
    await friends.among(ben.id, [ava.id])
    expect(asked).toEqual(['followeeIds', 'friendsAmong'])
  })
  test('of nobody are nobody, without a question', async () => {
    const { friends, redis } = setUp()
    redis.goDown()
    expect(await friends.among(ben.id, [])).toEqual(new Set())
  })
})
