import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { RedisServer } from '../../dev/redis.ts'
import { createChangeLog } from '../../src/features/feed/change-log'
import { createPageVersions } from '../../src/features/feed/page-versions'
import { createRedis, RedisDown } from '../../src/platform/redis/client'
import { STACK_START_MS_MAX } from '../support/context'
import { startOwnRedis } from '../support/own-redis'
import { until } from '../support/until'

/** The breaker opens for a Redis that is slow, not for a process that is. */

let server: RedisServer
let redis: ReturnType<typeof createRedis>
const changes: boolean[] = []
/** Longer than the real one: a Redis that shares its cores with a whole test run may be late by tens of milliseconds. */
const DEADLINE_MS = 480
const read = () => redis.run((connection) => connection.get('x'))

beforeAll(async () => {
  server = await startOwnRedis()
  redis = createRedis({
    url: server.url,
    keyPrefix: 'breaker',
    deadlineMs: DEADLINE_MS,
    nowMs: Date.now,
    onChange: (up) => changes.push(up),
  })
}, STACK_START_MS_MAX)

afterAll(async () => {
  process.kill(server.child.pid, 'SIGCONT')
  await redis.close()
  await server.stop()
})

function block(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
}

describe('the breaker', () => {
  test('stays closed when this process is busy for longer than the deadline while commands are under way', async () => {
    // Busy in the callback of another socket: the answers wait in theirs when the timers are due.
    const busy = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { data: () => block(2.5 * DEADLINE_MS) },
    })
    const bell = await Bun.connect({
      hostname: '127.0.0.1',
      port: busy.port,
      socket: { data: () => undefined },
    })
    const rings = [
      () => bell.write('x'),
      () => setImmediate(() => bell.write('x')),
      () => setImmediate(() => setImmediate(() => bell.write('x'))),
    ]
    // Connected, as an attempt to connect has a time limit of its own.
    expect(await read()).toBeNull()
    for (let round = 0; round < 6; round++) {
      const answers = Promise.all([read(), read()])
      rings[round % rings.length]?.()
      expect(await answers).toEqual([null, null])
    }
    bell.end()
    busy.stop(true)
    expect(changes).toEqual([])
  })

  test('opens when Redis stops answering, lets nothing wait, and closes when it answers again', async () => {
    process.kill(server.child.pid, 'SIGSTOP')
    await expect(read()).rejects.toBeInstanceOf(RedisDown)
    expect(changes).toEqual([false])
    let sent = 0
    const refused = redis.run(async () => {
      sent++
    })
    await expect(refused).rejects.toBeInstanceOf(RedisDown)
    expect(sent).toBe(0)
    await expect(redis.ping()).rejects.toThrow()
    process.kill(server.child.pid, 'SIGCONT')
    await until('the breaker to close', () => redis.isUp())
    expect(await read()).toBeNull()
  })

  test('does what failed while it was closing, too', async () => {
    const versions = createPageVersions(redis, Date.now, createChangeLog({ redis, leaseMs: 0 }), 0)
    // A change of that very moment: after what was owed is done, and before Redis counts as up.
    redis.beforeRecovery(() => versions.renew(['somebody']))
    process.kill(server.child.pid, 'SIGSTOP')
    await expect(read()).rejects.toBeInstanceOf(RedisDown)
    process.kill(server.child.pid, 'SIGCONT')
    await until('the breaker to close', () => redis.isUp())
    await until('pages to be served', () => versions.canServe(Number.MAX_SAFE_INTEGER))
  })

  test('closes again after a pause in which the sockets were given up', async () => {
    const told = redis.subscriber()
    await until('the subscriber to be there', () => told.status === 'ready')
    process.kill(server.child.pid, 'SIGSTOP')
    await expect(read()).rejects.toBeInstanceOf(RedisDown)
    await until('the connections to be dialled anew', () => told.status !== 'ready')
    process.kill(server.child.pid, 'SIGCONT')
    await until('the breaker to close', () => redis.isUp())
    expect(await read()).toBeNull()
  })
})
