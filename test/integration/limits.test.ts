import { describe, expect, test } from 'bun:test'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { countRefills } from '../support/refilled'
import { until } from '../support/until'

/** Token buckets in Redis: a burst of the limit, shared by all instances, refilled by and by. */

const stage = useStage()
const STORIES = { RATE_LIMIT_STORIES_PER_MIN: '20' }
const body = { text: 'hi', visibility: 'public' }

describe('POST /stories', () => {
  test('lets exactly 20 of 30 posts through, whichever instances they reach', async () => {
    const first = stage.instance({ env: STORIES })
    const second = stage.instance({ env: STORIES })
    const [ava] = await cast(first, 'ava')
    const refilled = countRefills(20)
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => ava.at(i % 2 ? first.api : second.api).post('/stories', body)),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(30 - refused.length).toBeWithin(20, 20 + refilled() + 1)
    for (const { code, headers } of refused) {
      expect(code).toBe('rate_limited')
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(3)
      expect(headers.get('ratelimit-remaining')).toBe('0')
    }
    expect(await ava.all('/me/stories')).toHaveLength(30 - refused.length)
  })

  test('lets one more through at most at each process that has not heard that others took all', async () => {
    const env = { RATE_LIMIT_STORIES_PER_MIN: '60' }
    const places = [1, 2, 3, 4].map(() => stage.instance({ env }))
    const [ava] = await cast(stage.instance(), 'ava')
    const posts = async (count: number) => {
      const each = places.flatMap(({ api }) =>
        Array.from({ length: count }, () => ava.at(api).post('/stories', body)),
      )
      return (await Promise.all(each)).filter(({ status }) => status !== 429).length
    }
    const refilled = countRefills(60)
    expect(await posts(1)).toBe(4)
    const passed = 4 + (await posts(40)) + (await posts(5))
    expect(passed).toBeWithin(60, 60 + places.length + refilled() + 1)
  })

  test('owes what was let through so', async () => {
    const [first, second] = [stage.instance({ env: STORIES }), stage.instance({ env: STORIES })]
    const [ava] = await cast(first, 'ava')
    const refilled = countRefills(20)
    const at = (api: typeof first.api, count: number) =>
      Promise.all(Array.from({ length: count }, () => ava.at(api).post('/stories', body)))
    await at(first.api, 1)
    await at(second.api, 25)
    expect((await at(first.api, 1)).map(({ status }) => status)).toEqual([201])
    // Three seconds each: for what is owed and for the next one.
    const [next] = await at(first.api, 1)
    expect(Number(next?.headers.get('retry-after'))).toBeGreaterThan(3 - 3 * refilled())
  })

  test('says what is left each time, and counts each user apart', async () => {
    const [ava, ben] = await cast(stage.instance({ env: STORIES }), 'ava', 'ben')
    const told = async (person: typeof ava) => {
      const { headers } = await person.post('/stories', body)
      return ['limit', 'remaining', 'reset'].map((name) => Number(headers.get(`ratelimit-${name}`)))
    }
    const refilled = countRefills(20)
    expect(await told(ava)).toEqual([20, 19, 3])
    const [limit, remaining] = await told(ava)
    expect(limit).toBe(20)
    expect(remaining).toBeWithin(18, 18 + refilled() + 1)
    expect((await told(ben)).slice(0, 2)).toEqual([20, 19])
  })

  test('takes one for refused and replayed posts too, none without a token or for a body that does not parse', async () => {
    const { api, ctx, database } = stage.instance({ env: STORIES })
    const [ava] = await cast({ api, ctx, database }, 'ava')
    const refilled = countRefills(20)
    const expectLeft = ({ headers }: { headers: Headers }, left: number) =>
      expect(Number(headers.get('ratelimit-remaining'))).toBeWithin(left, left + refilled() + 1)
    const key = { 'Idempotency-Key': 'k1' }
    expectLeft(await ava.post('/stories', body, key), 19)
    expectLeft(await ava.post('/stories', body, key), 18)
    expectLeft(await ava.post('/stories', { visibility: 'public' }), 17)
    expectLeft(await ava.post('/stories', { nonsense: true }), 16)
    const broken = await ava.post('/stories', '{')
    expect([broken.status, broken.headers.get('ratelimit-remaining')]).toEqual([400, null])
    const stranger = await api.call('POST', '/stories', { body })
    expect([stranger.status, stranger.headers.get('ratelimit-remaining')]).toEqual([401, null])
    expectLeft(await ava.post('/stories', body), 15)
  })

  test('is refilled continuously, by the clock of Redis', async () => {
    const [ava] = await cast(stage.instance({ env: { RATE_LIMIT_STORIES_PER_MIN: '120' } }), 'ava')
    const [startSeconds] = await stage.redis().time()
    const taken = await Promise.all(
      Array.from({ length: 120 }, () => ava.post('/stories', { nonsense: true })),
    )
    expect(taken.every(({ status }) => status === 422)).toBe(true)
    // One token is back every half second; nothing waits for a window to end.
    await until('a token to come back', async () => (await ava.post('/stories', body)).status === 201)
    const name = `${stage.redisKeyPrefix()}:bucket:stories:${ava.id}`
    const [endSeconds] = await stage.redis().time()
    const at = Number(await stage.redis().hget(name, 'at'))
    expect(at / 1000).toBeWithin(Number(startSeconds), Number(endSeconds) + 1)
    expect(await stage.redis().pttl(name)).toBeGreaterThan(0)
  })
})

test('reactions have a bucket of their own of 60', async () => {
  const env = { RATE_LIMIT_REACTIONS_PER_MIN: '60' }
  const instances = [stage.instance({ env }), stage.instance({ env })] as const
  const [ava, ben] = await cast(instances[0], 'ava', 'ben')
  const { id } = await ava.tell({})
  const refilled = countRefills(60)
  const answers = await Promise.all(
    Array.from({ length: 80 }, (_, i) =>
      ben.at(instances[i % 2 ? 1 : 0].api).post(`/stories/${id}/reactions`, { emoji: '🔥' }),
    ),
  )
  const passed = answers.filter(({ status }) => status !== 429).length
  expect(passed).toBeWithin(60, 60 + refilled() + 1)
})

describe('POST /auth/login', () => {
  const env = { RATE_LIMIT_LOGINS_PER_MIN: '3' }
  const body = { email: 'nobody@example.com', password: 'wrong password' }

  test('is limited by email and address, loosely by email, and not for other emails', async () => {
    const { api } = stage.instance({ env: { ...env, TRUSTED_PROXY_HOPS: '1' } })
    const from = async (address: string, email = body.email) =>
      (
        await api.call('POST', '/auth/login', {
          body: { ...body, email },
          headers: { 'X-Forwarded-For': `9.9.9.9, ${address}` },
        })
      ).status
    const first: number[] = []
    for (let i = 0; i < 4; i++) first.push(await from('10.0.0.1'))
    expect(first).toEqual([401, 401, 401, 429])
    expect(await from('10.0.0.1', ' NOBODY@example.com ')).toBe(429)
    expect(await from('10.0.0.2')).toBe(401)
    expect(await from('10.0.0.1', 'other@example.com')).toBe(401)
  })
})
