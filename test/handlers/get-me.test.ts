import { describe, expect, test } from 'bun:test'
import { aUser } from '../support/builders'
import { ava, mod } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem, owes401, owes503 } from './duties'

describe('GET /me', () => {
  describe('200', () => {
    test('answers the caller, email included, and nothing of the password', async () => {
      const { as } = await startApi({ stores: { accounts: { findUserById: async () => aUser() } } })
      const answer = await as(ava).get('/me')
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual({
        id: ava.id,
        email: ava.email,
        handle: 'ava',
        role: 'user',
        created_at: '2026-03-04T12:00:00.000Z',
      })
      expect(answer.headers.get('cache-control')).toBe('no-store')
    })
    test('tells an admin of the role', async () => {
      const { as } = await startApi({ stores: { accounts: { findUserById: async () => aUser(mod) } } })
      expect((await as(mod).get('/me')).body.role).toBe('admin')
    })
  })

  owes401('GET', '/me')

  describe('401', () => {
    test('for a user who went away a moment ago', async () => {
      const { as } = await startApi({ stores: { accounts: { findUserById: async () => null } } })
      expectProblem(await as(ava).get('/me'), 401, 'unauthenticated')
    })
    test.each([
      ['another scheme', 'Basic YXZhOmF2YQ=='],
      ['an empty token', 'Bearer '],
      ['a token of nobody', 'Bearer abc.def.ghi'],
      ['a token without a signature', `Bearer ${btoa('{"alg":"none"}')}.${btoa(`{"sub":"${ava.id}"}`)}.`],
      ['a token of 3,000 characters', `Bearer ${'a'.repeat(3000)}`],
    ])('for %s', async (_, authorization) => {
      const { anonymous } = await startApi()
      expectProblem(await anonymous.get('/me', { authorization }), 401, 'unauthenticated')
    })
    test('for a token in the query, which only /events takes', async () => {
      const api = await startApi()
      const token = api.tokenOf(ava)
      expectProblem(await api.anonymous.get(`/me?access_token=${token}`), 401, 'unauthenticated')
    })
  })

  owes503('GET', '/me', (fail) => ({ stores: { accounts: { findUserById: fail } } }))
})
