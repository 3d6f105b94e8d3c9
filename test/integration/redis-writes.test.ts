import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { RedisServer } from '../../dev/redis.ts'
import { createChangeLog } from '../../src/features/feed/change-log'
import { createPageVersions, readMark } from '../../src/features/feed/page-versions'
import { newId } from '../../src/kernel/ids'
import { createRedis, type RedisGate } from '../../src/platform/redis/client'
import { STACK_START_MS_MAX } from '../support/context'
import { startOwnRedis } from '../support/own-redis'

const COMMANDS = 100
let server: RedisServer
let redis: RedisGate

beforeAll(async () => {
  server = await startOwnRedis()
  redis = createRedis({
    url: server.url,
    keyPrefix: 'writes',
    deadlineMs: 2000,
    nowMs: Date.now,
    onChange: () => undefined,
  })
  await redis.ping()
}, STACK_START_MS_MAX)

afterAll(async () => {
  await redis.close()
  await server.stop()
})

/** How often Redis has found something on one of its sockets. */
const readsOfRedis = () =>
  redis.run(async (connection) => {
    const info = String(await connection.eval("return redis.call('INFO', 'stats')", 0))
    return Number(/^total_reads_processed:(\d+)/m.exec(info)?.[1])
  })

test('what one turn of the loop sends leaves together, and is answered in its order', async () => {
  const before = await readsOfRedis()
  const answers = await Promise.all(
    Array.from({ length: COMMANDS }, () => redis.run((connection) => connection.eval(COUNT, 1, 'n'))),
  )
  expect(answers).toEqual(Array.from({ length: COMMANDS }, (_, i) => i + 1))
  // The question itself is one; a probe of the breaker may fall in between, and a long write be read in pieces.
  expect((await readsOfRedis()) - before).toBeLessThanOrEqual(5)
})

test('what people do at one moment is made and told of by one script, views and changes alike', async () => {
  const scripts = async () => {
    const info = await redis.run((connection) =>
      connection.eval("return redis.call('INFO', 'commandstats')", 0),
    )
    return Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(String(info))?.[1] ?? 0)
  }
  const versions = createPageVersions(redis, Date.now, createChangeLog({ redis, leaseMs: 0 }), 0)
  const viewers = Array.from({ length: 40 }, newId)
  const made = await Promise.all(viewers.map((id) => versions.ensure(id)))
  await versions.renew([newId()])
  const before = await scripts()
  await Promise.all(viewers.map((id, i) => (i % 2 ? versions.renew([id]) : versions.noteViewed(id, newId()))))
  expect((await scripts()) - before).toBe(1)
  const { marks } = await versions.current(viewers)
  for (const [i, mark] of marks.entries()) {
    const { version, viewed } = readMark(mark ?? '')
    expect([version === made[i], viewed.length]).toEqual(i % 2 ? [false, 0] : [true, 36])
  }
})

const COUNT = "return redis.call('INCR', KEYS[1])"
