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

test('wakes that nobody else hears are few, and as many as before as soon as somebody does', async () => {
  const subscriber = Object.assign(new EventEmitter(), { subscribe: async () => undefined })
  // Of each wake: itself alone, itself and another, the other alone while its own connection is away, nobody.
  const listeners = [1, 1, 2, 1, 0, 0]
  const publish = async () => listeners.shift()
  const gate = {
    ...fakeRedisGate(Date.now, { publish } as Partial<Redis>),
    subscriber: () => subscriber as unknown as Redis,
  }
  const rests: number[] = []
  const rest = async (ms: number) => void rests.push(ms)
  const bus = createEventBus(gate, { nowMs: () => 0, rest })
  bus.onWake(() => undefined)
  subscriber.emit('ready')
  await new Promise(setImmediate)
  for (let i = 0; i < 3; i++) await bus.wake()
  subscriber.emit('close')
  for (let i = 0; i < 3; i++) await bus.wake()
  expect(rests).toEqual([100, 100, 4, 4, 100])
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
