import { describe, expect, test } from 'bun:test'
import { ava, ben } from '../../../test/support/cast'
import { fakeBus } from '../../../test/support/fakes/bus'
import { fakeClock } from '../../../test/support/fakes/clock'
import { fakeRedisGate } from '../../../test/support/fakes/redis-gate'
import { createStreamSlots } from './stream-slots'
import type { CloseReason, Subscriber } from './subscriber'

/** Slots of a process that may hold two a user; `popped` is what Redis says must end. */
function setUp(popped: string[] = []) {
  const clock = fakeClock()
  const bus = fakeBus()
  const asked: unknown[][] = []
  const given: unknown[][] = []
  const redis = fakeRedisGate(clock.nowMs, {
    evalsha: (async (_: string, ...args: unknown[]) => {
      asked.push(args)
      return popped
    }) as never,
    zrem: (async (...args: unknown[]) => void given.push(args)) as never,
  })
  let open: Pick<Subscriber, 'id' | 'userId' | 'close'>[] = []
  const slots = createStreamSlots({
    redis,
    bus,
    streamsOf: (userId) => open.filter((stream) => stream.userId === userId),
    nowMs: clock.nowMs,
    streamsMax: 2,
    streamAgeMsMax: 900_000,
  })
  const ended: string[] = []
  const leave = (id: string) => {
    open = open.filter((stream) => stream.id !== id)
  }
  const take = (userId: string, id: string) => {
    const close = (reason: CloseReason) => {
      ended.push(`${id} ${reason}`)
      leave(id)
    }
    open = [...open, { id, userId, close }]
    return slots.take({ id, userId, close })
  }
  return { slots, redis, bus, asked, given, ended, take, leave, clock }
}

describe('stream slots', () => {
  test('one more than allowed ends the oldest, also without Redis', async () => {
    const { take, ended, redis } = setUp()
    redis.goDown()
    for (const id of ['a', 'b', 'c', 'd']) await take(ava.id, id)
    await take(ben.id, 'e')
    expect(ended).toEqual(['a replaced', 'b replaced'])
  })
  test('a stream that left gives its slot back', async () => {
    const { slots, take, leave, ended, given } = setUp()
    await take(ava.id, 'a')
    await take(ava.id, 'b')
    leave('a')
    slots.release({ id: 'a', userId: ava.id, close: () => undefined })
    await take(ava.id, 'c')
    expect(ended).toEqual([])
    expect(given).toEqual([[`test:streams:${ava.id}`, 'a']])
  })
  test('what other processes hold is ended through the bus', async () => {
    const { take, bus } = setUp(['elsewhere'])
    await take(ava.id, 'a')
    expect(bus.ended).toEqual([[ava.id, 'elsewhere']])
  })
  test('what other processes end is ended here, of that user alone', async () => {
    const { take, bus, ended } = setUp()
    await take(ava.id, 'a')
    bus.sayEnd(ben.id, 'a')
    bus.sayEnd(ava.id, 'unknown')
    expect(ended).toEqual([])
    bus.sayEnd(ava.id, 'a')
    expect(ended).toEqual(['a replaced'])
  })
  test('slots left behind by a killed process are too old to count', async () => {
    const { take, asked, clock } = setUp()
    await take(ava.id, 'a')
    expect(asked[0]).toEqual([1, `test:streams:${ava.id}`, clock.nowMs(), 'a', 2, clock.nowMs() - 900_000])
  })
})
