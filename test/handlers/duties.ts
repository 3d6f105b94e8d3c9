import { describe, expect, test } from 'bun:test'
import { unavailable } from '../../src/kernel/errors'
import { ava } from '../support/cast'
import { type Answer, startApi } from '../support/client'
import type { Preparation } from '../support/fake-context'

/** The cases that endpoints owe alike; each file calls those that apply to its endpoint. */

/** Whether an answer is a problem document with this code, naming exactly these fields. */
export function expectProblem(
  answer: Answer,
  status: number,
  code: string,
  fields?: readonly string[],
): void {
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code })
  if (fields !== undefined) {
    const errors = (answer.body.errors ?? []) as { field: string }[]
    expect(errors.map((error) => error.field)).toEqual([...fields])
  }
}

const anId = '019c0000-0000-7000-9000-00000000abcd'
const pathOf = (route: string) => route.replace(/:\w+/, anId)

/** Without a good token nothing is even looked at. */
export function owes401(method: string, route: string, body?: object): void {
  const init = body === undefined ? {} : { body: JSON.stringify(body) }
  const path = pathOf(route)
  describe('401', () => {
    test('without a token', async () => {
      const { anonymous } = await startApi()
      const answer = await anonymous.send(method, path, init)
      expectProblem(answer, 401, 'unauthenticated')
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    })
    test('with an expired token', async () => {
      const api = await startApi()
      const headers = { authorization: `Bearer ${api.tokenOf(ava)}` }
      api.clock.advance(901)
      expectProblem(await api.anonymous.send(method, path, { ...init, headers }), 401, 'unauthenticated')
    })
    test('with the token of a user who is gone', async () => {
      const { as } = await startApi({ findUser: async () => null })
      expectProblem(await as(ava).send(method, path, init), 401, 'unauthenticated')
    })
  })
}

/** A body is refused by size, type and syntax before its content is judged. */
export function owesBodyChecks(path: string, required: readonly string[]): void {
  const json = { 'content-type': 'application/json' }
  const post = async (init: RequestInit) => (await startApi()).as(ava).send('POST', path, init)
  describe('400', () => {
    test('for a body that does not parse', async () => {
      expectProblem(await post({ headers: json, body: '{"a":' }), 400, 'malformed_json')
    })
    test('for a body that is not UTF-8', async () => {
      const body = Uint8Array.of(0x22, 0xff, 0xfe, 0x22)
      expectProblem(await post({ headers: json, body }), 400, 'malformed_json')
    })
  })
  describe('413', () => {
    test('for a body over 64 KiB', async () => {
      const body = JSON.stringify({ a: 'x'.repeat(65_536) })
      expectProblem(await post({ headers: json, body }), 413, 'payload_too_large')
    })
  })
  describe('415', () => {
    test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])(
      'for %s',
      async (type) => {
        const answer = await post({ headers: { 'content-type': type }, body: '{}' })
        expectProblem(answer, 415, 'unsupported_media_type')
      },
    )
  })
  describe('422', () => {
    test('for a body that lacks its fields names each of them', async () => {
      expectProblem(await post({ headers: json, body: '{}' }), 422, 'validation_failed', required)
    })
    test('for a body that is not an object', async () => {
      expectProblem(await post({ headers: json, body: '[]' }), 422, 'validation_failed')
    })
    test('for an unknown field, which is not dropped', async () => {
      const answer = await post({ headers: json, body: '{"surprise":1}' })
      expectProblem(answer, 422, 'validation_failed')
      expect(answer.body.errors).toContainEqual({ field: 'surprise', message: 'is not a known field' })
    })
    test('for fields that are no text, whatever they do when they are taken for one', async () => {
      const body = JSON.stringify(Object.fromEntries(required.map((field) => [field, { toString: 1 }])))
      expectProblem(await post({ headers: json, body }), 422, 'validation_failed', required)
    })
    test('for text that cannot be stored', async () => {
      const answer = await post({ headers: json, body: JSON.stringify({ [required[0] ?? '']: 'a\u0000b' }) })
      expectProblem(answer, 422, 'validation_failed', required.slice(0, 1))
    })
  })
}

/** An id in the path that is no UUID is named, not looked up. */
export function owesIdCheck(method: string, route: string, body?: object): void {
  const field = /:(\w+)/.exec(route)?.[1] ?? ''
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  describe('422', () => {
    test.each(['1', 'not-a-uuid', `${anId}0`])('for the id %s', async (id) => {
      const { as } = await startApi()
      const answer = await as(ava).send(method, route.replace(/:\w+/, id), init)
      expectProblem(answer, 422, 'validation_failed', [field])
    })
  })
}

/** A list takes a limit from 1 to 100 and a cursor of its own. */
export function owesPageChecks(path: string): void {
  const withQuery = (query: string) => `${path}${path.includes('?') ? '&' : '?'}${query}`
  const get = async (query: string) => (await startApi()).as(ava).get(withQuery(query))
  describe('400', () => {
    test.each(['bm90LWEtY3Vyc29y', '%25%25', 'Zm9yZWlnbnwxfDI'])('for the cursor %s', async (cursor) => {
      expectProblem(await get(`cursor=${cursor}`), 400, 'invalid_cursor', ['cursor'])
    })
  })
  describe('422', () => {
    test.each(['0', '101', '-1', '1.5', 'all', '', '1e1'])('for the limit "%s"', async (limit) => {
      expectProblem(await get(`limit=${limit}`), 422, 'validation_failed', ['limit'])
    })
  })
}

/** An empty bucket refuses, says when to come back, and is asked before the body's content is judged. */
export function owes429(method: string, route: string, bucket: string, body?: object): void {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  describe('429', () => {
    test('when the bucket is empty, with when to try again', async () => {
      const { as, buckets, ctx } = await startApi()
      buckets.empty(`${bucket}:${ava.id}`)
      const answer = await as(ava).send(method, pathOf(route), init)
      expectProblem(answer, 429, 'rate_limited')
      expect(answer.headers.get('retry-after')).toBe('3')
      expect(answer.headers.get('ratelimit-remaining')).toBe('0')
      expect(Number(answer.headers.get('ratelimit-limit'))).toBeGreaterThan(0)
      expect(answer.headers.get('ratelimit-reset')).toBe('60')
      expect(await ctx.metrics.text()).toContain(`rate_limit_refusals_total{limit="${bucket}"} 1\n`)
    })
    if (body === undefined) return
    test.each(['{"text":"\\u0000"}', '[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]', '{}'])(
      'before what a body holds is judged: %s',
      async (text) => {
        const { as, buckets } = await startApi()
        buckets.empty(`${bucket}:${ava.id}`)
        expectProblem(await as(ava).send(method, pathOf(route), { ...init, body: text }), 429, 'rate_limited')
      },
    )
  })
}

/** With a dependency down the answer says so, and when to come back, with nothing about the inside. */
export function owes503(
  method: string,
  route: string,
  down: (fail: () => Promise<never>) => Preparation,
  body?: object,
): void {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  describe('503', () => {
    test('while a dependency is down', async () => {
      const fail = async () => {
        throw unavailable(new Error('connect ECONNREFUSED 10.1.2.3:5432'))
      }
      const { as } = await startApi(down(fail))
      const answer = await as(ava).send(method, pathOf(route), init)
      expectProblem(answer, 503, 'unavailable')
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(answer.text).not.toContain('10.1.2.3')
    })
  })
}
