import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { fakeClock } from '../../../test/support/fakes/clock'
import { fakeRedisGate } from '../../../test/support/fakes/redis-gate'
import { createTokenBuckets } from './token-bucket'

const RULE = { limit: 20, perSeconds: 60 }

/** Buckets of this process alone: Redis is away. */
function localBuckets() {
  const clock = fakeClock()
  const redis = fakeRedisGate(clock.nowMs, {})
  redis.goDown()
  return { clock, buckets: createTokenBuckets(redis, clock.nowMs) }
}

describe('token buckets while Redis is away', () => {
  test('allow a burst of the limit and not one more', async () => {
    const { buckets } = localBuckets()
    const taken = []
    for (let i = 0; i < 22; i++) taken.push(await buckets.take('stories:ava', RULE))
    expect(taken.map(({ allowed }) => allowed)).toEqual([...Array(20).fill(true), false, false])
    expect(taken[0]).toMatchObject({ remaining: 19, limit: 20 })
    expect(taken[20]).toMatchObject({ remaining: 0, retryAfterSeconds: 3, resetSeconds: 60 })
  })
  test('refill one token every perSeconds / limit', async () => {
    const { buckets, clock } = localBuckets()
    for (let i = 0; i < 20; i++) await buckets.take('a', RULE)
    clock.advance(2.9)
    expect((await buckets.take('a', RULE)).allowed).toBe(false)
    clock.advance(0.1)
    expect((await buckets.take('a', RULE)).allowed).toBe(true)
    expect((await buckets.take('a', RULE)).allowed).toBe(false)
  })
  test('never hold more than the limit, however long nothing was taken', async () => {
    const { buckets, clock } = localBuckets()
    clock.advance(1e6)
    expect((await buckets.take('a', RULE)).remaining).toBe(19)
  })
  test('of other names do not share', async () => {
    const { buckets } = localBuckets()
    for (let i = 0; i < 21; i++) await buckets.take('a', RULE)
    expect((await buckets.take('b', RULE)).allowed).toBe(true)
  })
  test('in any span allow at most the limit and what was refilled, and tell the truth about when to return', async () => {
    const steps = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 50 }), async (pauses, limit) => {
        const { buckets, clock } = localBuckets()
        const rule = { limit, perSeconds: 60 }
        const startMs = clock.nowMs()
        let allowed = 0
        let openAgainMs = 0
        for (const pauseMs of pauses) {
          clock.advance(pauseMs / 1000)
          const state = await buckets.take('a', rule)
          if (clock.nowMs() >= openAgainMs && openAgainMs > 0) expect(state.allowed).toBe(true)
          openAgainMs = state.allowed ? 0 : clock.nowMs() + state.retryAfterSeconds * 1000 + 1
          if (state.allowed) allowed++
          expect(state.retryAfterSeconds).toBeGreaterThanOrEqual(1)
          expect(state.remaining).toBeGreaterThanOrEqual(0)
          expect(Number.isInteger(state.resetSeconds)).toBe(true)
        }
        expect(allowed).toBeLessThanOrEqual(limit + ((clock.nowMs() - startMs) * limit) / 60_000 + 1e-6)
      }),
      { numRuns: 50 },
    )
  })
  test('survive a clock that goes back', async () => {
    const { buckets, clock } = localBuckets()
    await buckets.take('a', RULE)
    clock.advance(-3600)
    expect((await buckets.take('a', RULE)).remaining).toBe(18)
  })
})

describe('token buckets with Redis', () => {
  test('ask the script, by its digest first', async () => {
    const asked: unknown[][] = []
    const redis = fakeRedisGate(() => 0, {
      evalsha: (async (...args: unknown[]) => {
        asked.push(args)
        return [1, 18_500]
      }) as never,
    })
    const state = await createTokenBuckets(redis, () => 0).take('stories:ava', RULE)
    expect(asked).toEqual([
      [expect.stringMatching(/^[0-9a-f]{40}$/), 1, 'test:bucket:stories:ava', 20, 60_000, 0],
    ])
    expect(state).toEqual({ allowed: true, limit: 20, remaining: 18, resetSeconds: 5, retryAfterSeconds: 1 })
  })
  test('send the script when Redis does not know it', async () => {
    const redis = fakeRedisGate(() => 0, {
      evalsha: (() => Promise.reject(new Error('NOSCRIPT No matching script'))) as never,
      eval: (async () => [0, 400]) as never,
    })
    const state = await createTokenBuckets(redis, () => 0).take('a', RULE)
    expect(state).toMatchObject({ allowed: false, remaining: 0, retryAfterSeconds: 2 })
  })
  test('fall back to this process when Redis fails under way', async () => {
    const redis = fakeRedisGate(() => 0, { evalsha: (() => Promise.reject(new Error('gone'))) as never })
    expect((await createTokenBuckets(redis, () => 0).take('a', RULE)).remaining).toBe(19)
  })
})

describe('tokens that are taken ahead', () => {
  /** Answers of Redis come when the test says so, each with what it says is left. */
  function heldBuckets() {
    const clock = fakeClock()
    const answers: ((left: number) => void)[] = []
    const redis = fakeRedisGate(clock.nowMs, {
      evalsha: (() =>
        new Promise((resolve) =>
          answers.push((left) => resolve(left < 0 ? [0, 0] : [1, left * 1000])),
        )) as never,
    })
    const buckets = createTokenBuckets(redis, clock.nowMs)
    const take = () => buckets.takeAhead('reactions:ava', RULE)
    /** What was said at once; null while Redis is waited for. */
    const now = (state: ReturnType<typeof take>) => (state instanceof Promise ? null : state.remaining)
    const seen = async (left: number) => {
      const state = take()
      answers.at(-1)?.(left)
      return state
    }
    return { clock, answers, take, now, seen }
  }

  test('are granted at once while plenty was seen, and taken from Redis all the same', async () => {
    const { answers, take, now, seen } = heldBuckets()
    expect(now(take())).toBeNull()
    answers[0]?.(19)
    await seen(18)
    expect(now(take())).toBe(17)
    expect(answers).toHaveLength(3)
  })
  test('wait for Redis while one is under way, so that no process grants a second one that may be none', async () => {
    const { answers, take, now, seen } = heldBuckets()
    await seen(18)
    expect([now(take()), now(take()), now(take())]).toEqual([17, null, null])
    for (const answer of answers.slice(-3)) answer(18)
    await turns()
    expect(now(take())).toBe(17)
  })
  test('wait for Redis where they would leave less than three quarters', async () => {
    const { take, now, seen } = heldBuckets()
    await seen(16)
    expect(now(take())).toBe(15)
    const low = heldBuckets()
    await low.seen(15)
    expect(low.now(low.take())).toBeNull()
  })
  test('wait for Redis when what was seen is old', async () => {
    const { clock, take, now, seen } = heldBuckets()
    await seen(19)
    clock.advance(60)
    expect(now(take())).toBeNull()
  })
  test('wait again as soon as it is known that others took them', async () => {
    const { answers, take, now, seen } = heldBuckets()
    await seen(19)
    expect(now(take())).toBe(18)
    answers.at(-1)?.(-1)
    await turns()
    const next = take()
    expect(now(next)).toBeNull()
    answers.at(-1)?.(-1)
    expect((await next).allowed).toBe(false)
  })
})

const turns = () => new Promise((resolve) => setImmediate(resolve))
