import { describe, expect, test } from 'bun:test'
import { aStory, aUser } from '../support/builders'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem } from './duties'

/** What holds for every answer, whichever route gave it. */

const KNOWN_ID = /^[0-9a-f-]{36}$/

describe('request ids', () => {
  test.each(['a', 'A-b_c.9', 'x'.repeat(128)])('the caller’s own is taken: %s', async (id) => {
    const { anonymous } = await startApi()
    const answer = await anonymous.get('/feed', { 'x-request-id': id })
    expect(answer.headers.get('x-request-id')).toBe(id)
    expect(answer.body.request_id).toBe(id)
  })
  test.each(['', 'x'.repeat(129), 'a b', 'a"b', '{}'])('a new one is made instead of "%s"', async (id) => {
    const { anonymous } = await startApi()
    expect((await anonymous.get('/feed', { 'x-request-id': id })).headers.get('x-request-id')).toMatch(
      KNOWN_ID,
    )
  })
  test('each request has one line in the log, with its id, route and user', async () => {
    const api = await startApi({ stores: { stories: { findStory: async () => aStory() } } })
    await api.as(ava).get(`/stories/${ava.id}?secret=1`, { 'x-request-id': 'mine' })
    const lines = api.log.lines.filter((line) => line.event === 'http_request')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      request_id: 'mine',
      user_id: ava.id,
      route: '/stories/:id',
      status: 200,
    })
    expect(JSON.stringify(lines)).not.toContain('secret')
  })
})

describe('404', () => {
  test.each(['/nothing', '/stories/', '/stories//view', '/feed/extra', '/STORIES', '//feed'])(
    'for %s',
    async (path) => {
      const { as } = await startApi()
      expectProblem(await as(ava).get(path), 404, 'not_found')
    },
  )
})

describe('405', () => {
  test.each([
    ['PUT', '/stories', 'POST, OPTIONS'],
    ['PATCH', '/feed', 'GET, HEAD, OPTIONS'],
    ['POST', '/me', 'GET, HEAD, OPTIONS'],
    ['GET', '/auth/login', 'POST, OPTIONS'],
  ])('for %s %s, with what is allowed', async (method, path, allowed) => {
    const { as } = await startApi()
    const answer = await as(ava).send(method, path)
    expectProblem(answer, 405, 'method_not_allowed')
    expect(answer.headers.get('allow')).toBe(allowed)
  })
  test('for a write to a page', async () => {
    const { anonymous } = await startApi()
    expectProblem(await anonymous.send('PUT', '/docs'), 405, 'method_not_allowed')
  })
})

describe('414', () => {
  test('for a URL over 4,096 characters', async () => {
    const { as } = await startApi()
    expectProblem(await as(ava).get(`/unknown?q=${'x'.repeat(4096)}`), 414, 'uri_too_long')
  })
})

describe('500', () => {
  test('says nothing of the bug, which is noted with its id', async () => {
    const findUserById = () => Promise.reject(new Error('select * from users where password = 1'))
    const api = await startApi({ stores: { accounts: { findUserById } } })
    const headers = { authorization: `Bearer ${api.tokenOf(ava)}`, 'x-request-id': 'mine' }
    const answer = await api.fetch('GET', '/me', { headers })
    const text = await answer.text()
    expect(answer.status).toBe(500)
    expect(JSON.parse(text)).toEqual({
      type: 'urn:stories:problem:internal',
      title: 'Internal error',
      status: 500,
      detail: 'Something went wrong on our side. It has been noted.',
      code: 'internal',
      request_id: 'mine',
    })
    expect(api.log.lines).toContainEqual(
      expect.objectContaining({ event: 'internal_error', request_id: 'mine' }),
    )
    expect(api.log.errors).toHaveLength(1)
  })
})

describe('HEAD and OPTIONS', () => {
  test('HEAD answers like GET, as far as the server, which leaves out the body', async () => {
    const api = await startApi({ stores: { accounts: { findUserById: async () => aUser() } } })
    const [head, get] = [await api.as(ava).send('HEAD', '/me'), await api.as(ava).send('GET', '/me')]
    expect([head.status, head.text]).toEqual([200, get.text])
  })
  test('OPTIONS tells the methods, without a token', async () => {
    const { anonymous } = await startApi()
    const answer = await anonymous.send('OPTIONS', '/stories/1')
    expect(answer.status).toBe(204)
    expect(answer.headers.get('allow')).toBe('GET, DELETE, HEAD, OPTIONS')
  })
})

describe('browsers', () => {
  const preflight = async (origin: string) =>
    (await startApi()).anonymous.send('OPTIONS', '/stories', { headers: { origin } })
  test('an origin of the configuration may call, with the headers it needs', async () => {
    const { headers } = await preflight('http://localhost:5173')
    expect(headers.get('access-control-allow-origin')).toBe('http://localhost:5173')
    expect(headers.get('access-control-allow-methods')).toBe('POST')
    for (const name of [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'Last-Event-ID',
      'X-Request-Id',
    ]) {
      expect(headers.get('access-control-allow-headers')).toContain(name)
    }
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(headers.get('vary')).toBe('Origin')
  })
  test('a stranger’s origin is never named', async () => {
    const { headers } = await preflight('https://evil.example')
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(headers.get('vary')).toContain('Origin')
  })
  test('an error can be read by an allowed origin too', async () => {
    const { anonymous } = await startApi()
    const answer = await anonymous.get('/feed', { origin: 'http://127.0.0.1:8080' })
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:8080')
    expect(answer.headers.get('access-control-expose-headers')).toContain('X-Request-Id')
  })
  test.each([
    'X-Request-Id',
    'Retry-After',
    'RateLimit-Limit',
    'RateLimit-Remaining',
    'RateLimit-Reset',
    'Location',
    'Idempotent-Replayed',
  ])('%s can be read by an allowed origin', async (name) => {
    const { anonymous } = await startApi()
    const { headers } = await anonymous.get('/livez', { origin: 'http://localhost:5173' })
    expect(headers.get('access-control-expose-headers')?.split(', ')).toContain(name)
  })
  test('answers are not sniffed, framed or cached', async () => {
    const { anonymous } = await startApi()
    const { headers } = await anonymous.get('/feed')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-store')
  })
  test('the docs run scripts of this service only', async () => {
    const api = await startApi()
    const answer = await api.fetch('GET', '/docs')
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("img-src 'self' data: blob: http://store.invalid:9000")
    expect(await answer.text()).not.toMatch(/<script>|https?:\/\//)
  })
  test.each(['swagger-ui.css', 'swagger-ui-bundle.js', 'start.js'])(
    'the docs bring their own %s',
    async (file) => {
      const api = await startApi()
      const answer = await api.fetch('GET', `/docs/${file}`)
      expect(answer.status).toBe(200)
      expect((await answer.text()).length).toBeGreaterThan(50)
    },
  )
})
