import { describe, expect, test } from 'bun:test'
import { migrationCount } from '../../src/platform/database/migrate'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import type { Preparation } from '../support/fake-context'
import { expectProblem } from './duties'

const fine = async () => undefined
const broken = async (): Promise<never> => {
  throw new Error('connect ECONNREFUSED 10.1.2.3:5432')
}
const WELL: Preparation = { database: { ping: fine }, redis: { ping: fine }, objects: { ping: fine } }
const OK_CHECK = { status: 'ok', latency_ms: expect.any(Number) }

describe('GET /livez', () => {
  test('200 while the process runs, whatever else is down', async () => {
    const { anonymous } = await startApi()
    const answer = await anonymous.get('/livez')
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }])
  })
})

describe('GET /readyz', () => {
  const readyWith = (count: () => Promise<number>) =>
    startApi({ stores: { health: { countMigrations: count } } })
  test('200 when all migrations are applied', async () => {
    expect((await (await readyWith(async () => migrationCount())).anonymous.get('/readyz')).status).toBe(200)
  })
  test('200 beside a newer version, whose migrations came first', async () => {
    expect((await (await readyWith(async () => 999)).anonymous.get('/readyz')).status).toBe(200)
  })
  test('503 while one is missing', async () => {
    const { anonymous } = await readyWith(async () => migrationCount() - 1)
    expectProblem(await anonymous.get('/readyz'), 503, 'unavailable')
  })
  test('503 while the database cannot be reached', async () => {
    expectProblem(await (await readyWith(broken)).anonymous.get('/readyz'), 503, 'unavailable')
  })
})

describe('GET /healthz', () => {
  test('200 when all dependencies answer', async () => {
    const { anonymous } = await startApi(WELL)
    const answer = await anonymous.get('/healthz')
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      status: 'ok',
      checks: { database: OK_CHECK, redis: OK_CHECK, storage: OK_CHECK },
      version: '1.2.3',
    })
  })
  test.each([
    ['database', { database: { ping: broken } }],
    ['redis', { redis: { ping: broken } }],
    ['storage', { objects: { ping: broken } }],
  ])('503 when the %s does not, with nothing about the inside', async (name, some) => {
    const { anonymous, activity } = await startApi({ ...WELL, ...some })
    const answer = await anonymous.get('/healthz')
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('2')
    expect(answer.body).toMatchObject({ status: 'error', checks: { [name]: { status: 'error' } } })
    expect(answer.text).not.toContain('10.1.2.3')
    expect(activity.of('dependencyChanged')).toContainEqual([name, false, expect.any(Error)])
  })
  test('503 when one never answers, with how the others are', async () => {
    const { anonymous } = await startApi({ ...WELL, redis: { ping: () => new Promise(() => undefined) } })
    const answer = await anonymous.get('/healthz')
    expect(answer.status).toBe(503)
    expect(answer.body.checks).toEqual({
      database: OK_CHECK,
      redis: { ...OK_CHECK, status: 'error' },
      storage: OK_CHECK,
    })
  })
  test('asks the dependencies once for many who ask at the same time', async () => {
    let pings = 0
    const ping = async () => void pings++
    const { anonymous } = await startApi({ ...WELL, database: { ping } })
    await Promise.all(Array.from({ length: 20 }, () => anonymous.get('/healthz')))
    expect(pings).toBe(1)
  })
})

describe('GET /metrics', () => {
  test('200 in the text format, with routes as patterns', async () => {
    const api = await startApi(WELL)
    await api.anonymous.get(`/stories/${ava.id}`)
    await api.anonymous.get('/no/such/path')
    const { text, status } = await api.anonymous.get('/metrics')
    expect(status).toBe(200)
    expect(text).toContain('http_requests_total{method="GET",route="/stories/:id",code="401"} 1')
    expect(text).toContain('http_requests_total{method="GET",route="unmatched",code="404"} 1')
    expect(text).not.toContain(ava.id)
    for (const name of ['stories_created_total', 'story_views_total', 'reactions_total', 'sse_connections']) {
      expect(text).toContain(`# TYPE ${name}`)
    }
  })
  test('200 with the token, when one is required', async () => {
    const { anonymous } = await startApi({ ...WELL, config: { metricsToken: 'scrape-me' } })
    expect((await anonymous.get('/metrics', { authorization: 'Bearer scrape-me' })).status).toBe(200)
  })
  test('401 with another or none', async () => {
    const api = await startApi({ ...WELL, config: { metricsToken: 'scrape-me' } })
    expectProblem(await api.anonymous.get('/metrics'), 401, 'unauthenticated')
    expectProblem(
      await api.anonymous.get('/metrics', { authorization: 'Bearer other' }),
      401,
      'unauthenticated',
    )
    expectProblem(await api.as(ava).get('/metrics'), 401, 'unauthenticated')
  })
})
