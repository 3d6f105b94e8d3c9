import { expect, test } from 'bun:test'
import { Cluster, Command, type Redis } from 'ioredis'
import { createStreamSlots } from '../src/features/events/stream-slots'
import { createChangeLog } from '../src/features/feed/change-log'
import { createPageCache } from '../src/features/feed/page-cache'
import { createPageVersions } from '../src/features/feed/page-versions'
import { createFriends } from '../src/features/graph/friends'
import { createMetrics } from '../src/platform/metrics'
import { createEventBus } from '../src/platform/redis/event-bus'
import { createTokenBuckets } from '../src/platform/redis/token-bucket'
import { ava, ben, cleo } from './support/cast'
import { fakeClock } from './support/fakes/clock'
import { memoryRedis } from './support/fakes/memory-redis'
import { fakeRedisGate } from './support/fakes/redis-gate'

/**
 * A Redis Cluster runs a command, a script or a transaction only when all its keys lie in one slot. Everything that the
 * service keeps in Redis is done once here, and what was sent is looked at.
 */

type Sent = Readonly<{ name: string; keys: string[] }>

/** Keys as the client finds them, by the table of commands that Redis publishes. */
const keysOf = (name: string, args: readonly unknown[]): string[] =>
  new Command(name, args.flat().map(String)).getKeys().map(String)

/** Notes each command, and each transaction as one with the keys of all that is in it. */
function recordingRedis() {
  const sent: Sent[] = []
  const answer = (value: unknown) => async () => value
  const memory = memoryRedis().commands
  const commands = {
    ...memory,
    evalsha: answer([1, 1000]),
    zrem: answer(1),
    publish: answer(1),
  }
  const recorded = (target: object): object =>
    new Proxy(target, {
      // Who asks is told that this is a cluster: to a single Redis several keys go in one command.
      getPrototypeOf: () => Cluster.prototype,
      get(members, name: string) {
        const member = Reflect.get(members, name) as ((...args: unknown[]) => unknown) | undefined
        if (name === 'multi') return () => transaction((member as () => object)())
        if (name === 'sendCommand') {
          return (command: Command) => {
            sent.push({ name: command.name, keys: command.getKeys().map(String) })
            return member?.call(members, command)
          }
        }
        return async (...args: unknown[]) => {
          sent.push({ name, keys: keysOf(name.replace(/Buffer$/, ''), args) })
          return member?.call(members, ...args)
        }
      },
    })
  const transaction = (chain: object): object => {
    const keys: string[] = []
    const proxy: object = new Proxy(chain, {
      get:
        (members, name: string) =>
        (...args: unknown[]) => {
          const done = (Reflect.get(members, name) as (...args: unknown[]) => unknown)(...args)
          if (name === 'exec') sent.push({ name: 'multi', keys })
          else keys.push(...keysOf(name, args))
          return name === 'exec' ? done : proxy
        },
    })
    return proxy
  }
  return { sent, commands: recorded(commands) as Partial<Redis> }
}

test('the keys of each command, script and transaction lie in one slot of a cluster', async () => {
  const clock = fakeClock()
  const { sent, commands } = recordingRedis()
  const redis = fakeRedisGate(clock.nowMs, commands)
  const metrics = createMetrics({ processMetrics: false })
  const changes = createChangeLog({ redis, leaseMs: 0 })
  const versions = createPageVersions(redis, clock.nowMs, changes, 0)
  const cache = createPageCache({ redis, versions, changes, metrics, nowMs: clock.nowMs, ttlSeconds: 45 })
  const bus = createEventBus(redis)
  const graph = {
    followeeIds: async () => [ava.id, cleo.id],
    mutualIds: async () => [],
    friendsAmong: async () => new Set<string>(),
  }

  const found = await cache.find(ben.id, 20)
  if (found.kind !== 'miss') throw new Error(`expected a miss, not a ${found.kind}`)
  await cache.keep(
    ben.id,
    20,
    found.stamp,
    { items: [], next_cursor: null },
    '{"items":[],"next_cursor":null}',
  )
  expect((await cache.find(ben.id, 20)).kind).toBe('hit')
  await versions.renew([ava.id, ben.id, cleo.id])
  await versions.renewGraph([ava.id, ben.id])
  await versions.noteRemoved('one')
  await versions.removedAmong(['one', 'two'])
  const friends = createFriends({ redis, versions, graph, metrics, rule: 'following' })
  await friends.among(ben.id, [ava.id, cleo.id])
  await createTokenBuckets(redis, clock.nowMs).take('stories:x', { limit: 20, perSeconds: 60 })
  await bus.wake()
  const slots = createStreamSlots({
    redis,
    bus: { ...bus, onEndStreams: () => undefined },
    nowMs: clock.nowMs,
    streamsOf: () => [],
    streamsMax: 2,
    streamAgeMsMax: 900_000,
  })
  const stream = { id: 's', userId: ben.id, close: () => undefined }
  await slots.take(stream)
  slots.release(stream)

  expect([...new Set(sent.map(({ name }) => name))].sort()).toEqual(
    ['evalsha', 'get', 'getBuffer', 'multi', 'publish', 'set', 'smismember', 'zmscore', 'zrem'].sort(),
  )
  const slotOf = (key: string) => new Command('get', [key]).getSlot()
  const apart = sent.filter(({ keys }) => new Set(keys.map(slotOf)).size > 1)
  expect(apart).toEqual([])
  expect(sent.some(({ keys }) => new Set(keys).size > 1)).toBe(true)
})
