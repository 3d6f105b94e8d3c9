import { expect, test } from 'bun:test'
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { fakeRedisGate } from '../../../test/support/fakes/redis-gate'
import { createEventBus } from './event-bus'

test('wakes of one moment travel together, and each later one travels, too', async () => {
  let published = 0
  const publish = async () => ++published
  const bus = createEventBus(fakeRedisGate(Date.now, { publish } as Partial<Redis>))
  await Promise.all([bus.wake(), bus.wake(), bus.wake()])
  expect(published).toBe(1)
  for (const count of [2, 3]) {
    await bus.wake()
    expect(published).toBe(count)
  }
})

test('a connection that comes back is a reason to look as soon as it hears, and not before', async () => {
  const heard = Promise.withResolvers<void>()
  const subscriber = Object.assign(new EventEmitter(), { subscribe: () => heard.promise })
  const gate = { ...fakeRedisGate(Date.now, {}), subscriber: () => subscriber as unknown as Redis }
  let looks = 0
  createEventBus(gate).onWake(() => looks++)
  subscriber.emit('ready')
  await new Promise(setImmediate)
  expect(looks).toBe(0)
  heard.resolve()
  await new Promise(setImmediate)
  expect(looks).toBe(1)
})
