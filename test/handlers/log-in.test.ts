import { describe, expect, test } from 'bun:test'
import type { Stores } from '../../src/context'
import { unavailable } from '../../src/kernel/errors'
import { aUser } from '../support/builders'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem, owesBodyChecks } from './duties'

const RIGHT = { email: ava.email, password: 'correct horse battery' }
const KNOWN: Partial<Stores['accounts']> = {
  findUserByEmail: async (email) => (email === ava.email ? aUser() : null),
  insertRefreshToken: async () => undefined,
}

const logIn = async (body: object, headers = {}) => {
  const api = await startApi({ stores: { accounts: KNOWN } })
  return { api, answer: await api.anonymous.post('/auth/login', body, headers) }
}

describe('POST /auth/login', () => {
  describe('200', () => {
    test('answers a session for the right password', async () => {
      const { api, answer } = await logIn(RIGHT)
      expect(answer.status).toBe(200)
      expect(answer.body).toMatchObject({
        user: { id: ava.id, email: ava.email },
        token_type: 'Bearer',
        expires_in: 900,
      })
      expect((await api.ctx.tokens.verify(String(answer.body.access_token)))?.userId).toBe(ava.id)
      expect(api.activity.of('auth')).toEqual([
        [{ requestId: expect.any(String), userId: ava.id }, 'login', 'ok'],
      ])
    })
    test('takes the email in any case', async () => {
      expect((await logIn({ ...RIGHT, email: ' AVA@example.com ' })).answer.status).toBe(200)
    })
    test('each time with other tokens', async () => {
      const api = await startApi({ stores: { accounts: KNOWN } })
      const [first, second] = [
        await api.anonymous.post('/auth/login', RIGHT),
        await api.anonymous.post('/auth/login', RIGHT),
      ]
      expect(first.body.refresh_token).not.toBe(second.body.refresh_token)
      expect(first.body.access_token).not.toBe(second.body.access_token)
    })
  })

  owesBodyChecks('/auth/login', ['email', 'password'])

  describe('401', () => {
    test('in the same words for a wrong password and for an unknown email', async () => {
      const headers = { 'x-request-id': 'same' }
      const wrong = await logIn({ ...RIGHT, password: 'wrong' }, headers)
      const unknown = await logIn({ ...RIGHT, email: 'nobody@example.com' }, headers)
      expectProblem(wrong.answer, 401, 'invalid_credentials')
      expect(unknown.answer.body).toEqual(wrong.answer.body)
      expect(wrong.answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(wrong.api.activity.of('auth')).toEqual([
        [{ requestId: 'same', userId: ava.id }, 'login', 'refused'],
      ])
    })
    test('after as much work for an unknown email as for a wrong password', async () => {
      const verified: (string | null)[] = []
      const api = await startApi({
        stores: { accounts: KNOWN },
        passwords: {
          hash: async () => '',
          verify: async (_, hash) => {
            verified.push(hash)
            return false
          },
        },
      })
      await api.anonymous.post('/auth/login', { ...RIGHT, email: 'nobody@example.com' })
      expect(verified).toEqual([null])
    })
    test('for a password longer than any, of which no byte is hashed', async () => {
      const hashed: string[] = []
      const api = await startApi({
        stores: { accounts: KNOWN },
        passwords: {
          hash: async () => '',
          verify: async (password) => {
            hashed.push(password)
            return false
          },
        },
      })
      const answer = await api.anonymous.post('/auth/login', { ...RIGHT, password: 'x'.repeat(60_000) })
      expectProblem(answer, 401, 'invalid_credentials')
      expect(hashed).toEqual([''])
    })
  })

  describe('429', () => {
    test('when this address has tried this email too often', async () => {
      const api = await startApi()
      api.buckets.empty('logins:')
      expectProblem(await api.anonymous.post('/auth/login', RIGHT), 429, 'rate_limited')
      // The tight bucket refuses first, so that one address cannot drain the one that all share.
      expect(api.buckets.taken.map(({ key, rule }) => [key.split(':').length, rule.limit])).toEqual([[3, 10]])
    })
    test('not before ten times as many for one email from all addresses, and thirty times from one address', async () => {
      const { api } = await logIn(RIGHT)
      expect(api.buckets.taken.map(({ rule }) => rule.limit)).toEqual([10, 300, 100])
    })
    test('when one address has tried too many emails, which keeps nobody at another one out', async () => {
      const api = await startApi()
      api.buckets.empty('logins:from:')
      expectProblem(await api.anonymous.post('/auth/login', RIGHT), 429, 'rate_limited')
      expect(api.buckets.taken.map(({ rule }) => rule.limit)).toEqual([10, 300])
    })
    test('when all addresses together have tried this email too often, and no longer than that', async () => {
      const api = await startApi({ stores: { accounts: KNOWN } })
      let isDry = true
      api.buckets.empty((key) => isDry && key.split(':').length === 2)
      const refused = await api.anonymous.post('/auth/login', RIGHT)
      expectProblem(refused, 429, 'rate_limited')
      expect(refused.headers.get('ratelimit-limit')).toBe('100')
      isDry = false
      expect((await api.anonymous.post('/auth/login', RIGHT)).status).toBe(200)
    })
    test('in the same buckets however the email is spelled', async () => {
      const spellings = [ava.email, ` ${ava.email.toUpperCase()}\n`, `${' '.repeat(295)}${ava.email}`]
      const keys = await Promise.all(
        spellings.map(async (email) =>
          (await logIn({ ...RIGHT, email })).api.buckets.taken.map(({ key }) => key),
        ),
      )
      expect(new Set(keys.flat()).size).toBe(3)
    })
    test('by buckets whose names do not give the email away', async () => {
      const { api } = await logIn(RIGHT)
      expect(api.buckets.taken.map(({ key }) => key).join()).not.toContain('ava')
    })
  })

  describe('503', () => {
    test('while the database is down', async () => {
      const findUserByEmail = () => Promise.reject(unavailable())
      const api = await startApi({ stores: { accounts: { findUserByEmail } } })
      expectProblem(await api.anonymous.post('/auth/login', RIGHT), 503, 'unavailable')
    })
  })
})
