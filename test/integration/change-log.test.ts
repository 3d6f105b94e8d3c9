import { describe, expect, test } from 'bun:test'
import { createChangeLog, createChangeScript } from '../../src/features/feed/change-log'
import { newId } from '../../src/kernel/ids'
import type { RedisGate } from '../../src/platform/redis/client'
import { useStage } from '../support/context'
import { fakeRedisGate } from '../support/fakes/redis-gate'
import { until } from '../support/until'

/** Several processes' logs on one Redis. Time stands still unless moved, and whoever waits is let go by hand. */

const stage = useStage()
const LEASE_MS = 6
/** A change of nothing. */
const NOTHING = { script: createChangeScript(''), values: [], items: [] }
/** Behind whatever was sent before. */
const roundTrip = (redis: RedisGate) => redis.run((connection) => connection.get('nothing'))

function aProcess(leaseMs = LEASE_MS) {
  const { redis } = stage.realContext()
  let nowMs = 1000
  const waiting: { ms: number; go: () => void }[] = []
  const timing = {
    nowMs: () => nowMs,
    rest: (ms: number) => {
      const end = Promise.withResolvers<void>()
      waiting.push({ ms, go: end.resolve })
      return end.promise
    },
  }
  const log = createChangeLog({ redis, leaseMs, timing })
  return {
    ...log,
    redis,
    waiting,
    pass: (ms: number) => {
      nowMs += ms
    },
    /** Reads to the end of the log. */
    async readOn() {
      nowMs += LEASE_MS
      const before = log.position()
      log.follow()
      await until('the log to be read', () => log.position() > before)
    },
    /** As the page cache does when Redis confirms a page. */
    async confirm(): Promise<number> {
      const position = log.position()
      await roundTrip(redis)
      return position
    },
  }
}

describe('the log of changes', () => {
  test('lets a process that has just read it rely on what it knew, and not a moment longer', async () => {
    const reader = aProcess()
    const ben = newId()
    expect(reader.isUnchanged(ben, reader.position())).toBe(false)
    await reader.readOn()
    const good = await reader.confirm()
    expect(reader.isUnchanged(ben, good)).toBe(true)
    reader.pass(LEASE_MS - 1)
    expect(reader.isUnchanged(ben, good)).toBe(true)
    reader.pass(1)
    expect(reader.isUnchanged(ben, good)).toBe(false)
    await reader.readOn()
    expect(reader.isUnchanged(ben, good)).toBe(true)
  })

  test('counts the lease from before it was asked for', async () => {
    const reader = aProcess()
    const ben = newId()
    await reader.readOn()
    const good = await reader.confirm()
    reader.pass(LEASE_MS)
    const before = reader.position()
    reader.follow()
    reader.pass(LEASE_MS)
    await until('the late answer', () => reader.position() > before)
    expect(reader.isUnchanged(ben, good)).toBe(false)
  })

  test('is not read again before a third of the lease is over, nor ever without one', async () => {
    const reader = aProcess()
    await reader.readOn()
    const before = reader.position()
    reader.pass(LEASE_MS / 3 - 0.5)
    reader.follow()
    const without = aProcess(0)
    without.pass(1000)
    without.follow()
    await Promise.all([roundTrip(reader.redis), roundTrip(without.redis)])
    expect([reader.position(), without.position()]).toEqual([before, 0])
    expect(without.isUnchanged(newId(), 0)).toBe(false)
  })

  test('tells of the changed and of nobody else', async () => {
    const [reader, writer] = [aProcess(), aProcess(0)]
    const [ben, cleo] = ['00000000-0000-7000-8000-00000000be00', '00000000-0000-7000-8000-00000000c1e0']
    await reader.readOn()
    const good = await reader.confirm()
    await writer.make([ben], NOTHING)
    await reader.readOn()
    expect([reader.isUnchanged(ben, good), reader.isUnchanged(cleo, good)]).toEqual([false, true])
    expect(reader.isUnchanged(ben, await reader.confirm())).toBe(true)
    await writer.make('all', NOTHING)
    const between = await reader.confirm()
    await reader.readOn()
    expect(reader.isUnchanged(cleo, between)).toBe(false)
  })

  test('is waited for by whoever changes something, until no process relies on what was before', async () => {
    const [reader, writer] = [aProcess(20), aProcess(LEASE_MS)]
    await reader.readOn()
    let isDone = false
    const made = writer
      .make([newId()], NOTHING)
      .then(writer.outlast)
      .then(() => {
        isDone = true
      })
    await until('the writer to wait', () => writer.waiting.length === 1)
    await roundTrip(writer.redis)
    expect(isDone).toBe(false)
    // The longest lease of any process, and what a timer may be early.
    expect(writer.waiting[0]?.ms).toBe(21)
    writer.waiting[0]?.go()
    await made
  })

  test('keeps a shorter lease from ending the wait for a longer one', async () => {
    const [long, short, writer] = [aProcess(20), aProcess(5), aProcess(0)]
    await long.readOn()
    await short.readOn()
    const made = writer.make([newId()], NOTHING).then(writer.outlast)
    await until('the writer to wait', () => writer.waiting.length === 1)
    expect(writer.waiting[0]?.ms).toBe(21)
    writer.waiting[0]?.go()
    await made
  })

  test('keeps nobody waiting when nobody follows it, but whoever finds none: leases may have been lost with it', async () => {
    await stage.dropRedisKeys()
    const writer = aProcess()
    expect(await writer.make([newId()], NOTHING)).toBe(LEASE_MS)
    await writer.outlast(await writer.make([newId()], NOTHING))
    expect(writer.waiting).toEqual([])
  })

  test('counts a change in its own process at once, also when none waits for the others', async () => {
    const writer = aProcess()
    const ben = newId()
    await writer.readOn()
    const good = await writer.confirm()
    await writer.make([ben], NOTHING)
    expect(writer.isUnchanged(ben, good)).toBe(false)
    expect(writer.waiting).toEqual([])
  })

  test('tells of a change when it is made, and throws when it cannot be', async () => {
    const writer = aProcess()
    const key = `${stage.redisKeyPrefix()}:{changes}:log`
    await writer.make([newId()], NOTHING)
    const before = await stage.redis().strlen(key)
    const noted = `${stage.redisKeyPrefix()}:{changes}:noted`
    await writer.make([newId()], {
      script: createChangeScript(
        "redis.call('SET', keys[2], redis.call('STRLEN', keys[1]) + values[1] + values[2])",
      ),
      values: [1000],
      items: [{ keys: [key, noted], values: [2000] }],
    })
    expect(await stage.redis().get(noted)).toBe(String(before + 3000))
    expect(await stage.redis().strlen(key)).toBe(before + 4)
    const items = [{ keys: [key], values: [] }]
    const fails = writer.make([newId()], {
      script: createChangeScript("redis.call('NONSENSE')"),
      values: [],
      items,
    })
    await expect(fails).rejects.toThrow('Redis cannot be reached')
  })

  test.each([
    ['is lost', async () => void (await stage.dropRedisKeys())],
    [
      'began anew and has grown since',
      async () => {
        await stage.dropRedisKeys()
        for (const count of [1, 16_000]) {
          const many = Array.from({ length: count }, () => '0000')
          await aProcess(0).make(many, NOTHING)
        }
      },
    ],
    [
      'is shorter than before',
      async () => {
        const key = `${stage.redisKeyPrefix()}:{changes}:log`
        await stage.redis().set(key, (await stage.redis().getrange(key, 0, 11)) ?? '')
      },
    ],
    [
      'has more to read than pays',
      async () => {
        const many = Array.from({ length: 16_500 }, () => '0000')
        await aProcess(0).make(many, NOTHING)
      },
    ],
    [
      'grew beyond its bound and began anew',
      async () => {
        const many = Array.from({ length: 265_000 }, () => '0000')
        await aProcess(0).make(many, NOTHING)
        expect(await stage.redis().strlen(`${stage.redisKeyPrefix()}:{changes}:log`)).toBe(12)
      },
    ],
  ])('takes all pages for changed when it %s', async (_what, happen) => {
    const [reader, writer] = [aProcess(), aProcess(0)]
    const ben = newId()
    await reader.readOn()
    await writer.make(['00000000-0000-7000-8000-0000000000ff'], NOTHING)
    await reader.readOn()
    const good = await reader.confirm()
    expect(reader.isUnchanged(ben, good)).toBe(true)
    await happen()
    await reader.readOn()
    expect(reader.isUnchanged(ben, good)).toBe(false)
    expect(reader.isUnchanged(ben, await reader.confirm())).toBe(true)
  })

  test('is read anew after a failure of Redis, which may have come back with less', async () => {
    const heads: unknown[] = []
    const gate = fakeRedisGate(Date.now, {
      evalsha: (async (...args: unknown[]) => {
        heads.push(args[4])
        return ['the head now', 12, '']
      }) as never,
    })
    let nowMs = 0
    const log = createChangeLog({
      redis: gate,
      leaseMs: 1,
      timing: { nowMs: () => nowMs++, rest: async () => undefined },
    })
    const readOn = async () => {
      const before = log.position()
      log.follow()
      await until('the log to be read', () => log.position() > before)
    }
    await readOn()
    await readOn()
    gate.goDown()
    await gate.comeBack()
    await readOn()
    expect(heads).toEqual(['', 'the head now', ''])
  })

  test('takes a change of an id that is no UUID for a change of all', async () => {
    const [reader, writer] = [aProcess(), aProcess(0)]
    await reader.readOn()
    const good = await reader.confirm()
    await writer.make(['somebody'], NOTHING)
    await reader.readOn()
    expect(reader.isUnchanged(newId(), good)).toBe(false)
  })
})

const SET = createChangeScript("redis.call('SET', keys[1], values[1])")

test('whatever was changed and answered, no process takes for unchanged, however busily it reads', async () => {
  const processes = [1, 2, 3].map(() => {
    const { redis } = stage.realContext()
    // Longer than a round trip on a busy machine, or no lease would be left when it is heard of.
    return { redis, ...createChangeLog({ redis, leaseMs: 50 }) }
  })
  const people = Array.from({ length: 5 }, newId)
  const version = new Map(people.map((id) => [id, 0]))
  const key = (id: string) => `${stage.redisKeyPrefix()}:probe:${id}`
  let relied = 0
  let isOver = false

  /** Remembers versions as the page cache does, and checks each that is relied upon against what was answered before. */
  const read = async ({ redis, ...log }: (typeof processes)[number]) => {
    const known = new Map<string, { at: number; goodAt: number }>()
    while (!isOver) {
      log.follow()
      for (const id of people) {
        const atLeast = version.get(id) ?? 0
        const page = known.get(id)
        if (page !== undefined && log.isUnchanged(id, page.goodAt)) {
          relied++
          expect(page.at).toBeGreaterThanOrEqual(atLeast)
        } else {
          const goodAt = log.position()
          const at = Number(await redis.run((connection) => connection.get(key(id))))
          known.set(id, { at, goodAt })
        }
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const write = async ({ make, outlast }: (typeof processes)[number], id: string) => {
    for (let next = 1; next <= 40; next++) {
      const items = [{ keys: [key(id)], values: [next] }]
      await outlast(await make([id], { script: SET, values: [], items }))
      version.set(id, next)
    }
  }
  const reading = Promise.all(processes.map(read))
  const writing = Promise.all(
    people.map((id, i) => write(processes[i % 3] as (typeof processes)[number], id)),
  )
  await Promise.race([writing, reading])
  isOver = true
  await Promise.all([reading, writing])
  expect(relied).toBeGreaterThan(0)
})
