import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { RedisServer } from '../../dev/redis.ts'
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

const COUNT = "return redis.call('INCR', KEYS[1])"
