import { describe, expect, test } from 'bun:test'
import type { Stores } from '../../src/context'
import { unavailable } from '../../src/kernel/errors'
import { aUser } from '../support/builders'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem, owesBodyChecks } from './duties'

const PASSWORD = 'correct horse battery'
const SIGN_UP = { email: ava.email, password: PASSWORD, handle: 'ava' }
const NOBODY: Partial<Stores['accounts']> = {
  findUserByEmail: async () => null,
  insertUser: async (row) => ({ ...row, role: 'user' }),
  insertRefreshToken: async () => undefined,
}

const signUp = async (body: object, accounts: Partial<Stores['accounts']> = NOBODY) => {
  const api = await startApi({ stores: { accounts } })
  return { api, answer: await api.anonymous.post('/auth/signup', body) }
}

describe('POST /auth/signup', () => {
  describe('201', () => {
    test('answers the account and a session whose token works', async () => {
      const { api, answer } = await signUp(SIGN_UP)
      expect(answer.status).toBe(201)
      expect(answer.body).toMatchObject({
        user: {
          email: 'ava@example.com',
          handle: 'ava',
          role: 'user',
          created_at: '2026-03-04T12:00:00.000Z',
        },
        token_type: 'Bearer',
        expires_in: 900,
      })
      const verified = api.ctx.tokens.verify(String(answer.body.access_token))
      expect(verified?.userId).toBe((answer.body.user as { id: string }).id)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(api.activity.of('auth')).toEqual([[expect.anything(), 'signup', 'ok']])
    })
    test('keeps the hash of the password and the digest of the refresh token, never themselves', async () => {
      const kept: object[] = []
      const { answer } = await signUp(SIGN_UP, {
        ...NOBODY,
        insertUser: async (row) => {
          kept.push(row)
          return { ...row, role: 'user' }
        },
        insertRefreshToken: async (row) => void kept.push(row),
      })
      expect(kept[0]).toMatchObject({ passwordHash: `hashed:${PASSWORD}` })
      expect(Object.values(kept[0] ?? {})).not.toContain(PASSWORD)
      expect(JSON.stringify(kept[1])).not.toContain(String(answer.body.refresh_token))
    })
    test('trims and lower-cases the email', async () => {
      const { answer } = await signUp({ ...SIGN_UP, email: '  Ava@Example.COM ' })
      expect(answer.body.user).toMatchObject({ email: 'ava@example.com' })
    })
    test('makes a handle from the email when none is given', async () => {
      const { answer } = await signUp({ email: 'Ava.Lind+x@example.com', password: PASSWORD })
      expect(answer.body.user).toMatchObject({ handle: 'ava_lind_x' })
    })
    test('makes another handle while the made one is taken', async () => {
      const tried: string[] = []
      const { answer } = await signUp(
        { email: ava.email, password: PASSWORD },
        {
          ...NOBODY,
          insertUser: async (row) => {
            tried.push(row.handle)
            return tried.length < 3 ? 'handle_taken' : { ...row, role: 'user' }
          },
        },
      )
      expect(answer.status).toBe(201)
      expect(tried[0]).toBe('ava')
      expect(tried.slice(1).every((handle) => /^ava_\d+$/.test(handle))).toBe(true)
    })
    test('shows what is left of the limit', async () => {
      const { api, answer } = await signUp(SIGN_UP)
      expect(answer.headers.get('ratelimit-limit')).toBe('10')
      expect(api.buckets.taken.map(({ key }) => key)).toEqual(['signups:203.0.113.9'])
    })
  })

  owesBodyChecks('/auth/signup', ['email', 'password'])

  describe('409', () => {
    test('for an email that has an account, without hashing the password', async () => {
      const api = await startApi({
        stores: { accounts: { findUserByEmail: async () => aUser() } },
        passwords: { hash: () => Promise.reject(new Error('hashed')), verify: async () => false },
      })
      const answer = await api.anonymous.post('/auth/signup', SIGN_UP)
      expectProblem(answer, 409, 'email_taken', ['email'])
    })
    test('for an email that was taken a moment ago', async () => {
      const { answer, api } = await signUp(SIGN_UP, { ...NOBODY, insertUser: async () => 'email_taken' })
      expectProblem(answer, 409, 'email_taken', ['email'])
      expect(api.activity.calls).toEqual([])
    })
    test('for a chosen handle that is taken', async () => {
      const { answer } = await signUp(SIGN_UP, { ...NOBODY, insertUser: async () => 'handle_taken' })
      expectProblem(answer, 409, 'handle_taken', ['handle'])
    })
  })

  describe('422', () => {
    const bad: [string, object, string[]][] = [
      ['an email without a host', { ...SIGN_UP, email: 'ava@' }, ['email']],
      ['an email of 255 characters', { ...SIGN_UP, email: `${'a'.repeat(243)}@example.com` }, ['email']],
      ['a password of 7 characters', { ...SIGN_UP, password: '1234567' }, ['password']],
      ['a password of 129 characters', { ...SIGN_UP, password: 'x'.repeat(129) }, ['password']],
      ['a handle of 2 characters', { ...SIGN_UP, handle: 'av' }, ['handle']],
      ['a handle with a capital', { ...SIGN_UP, handle: 'Ava' }, ['handle']],
      ['all of them at once', { email: 'a', password: 'b', handle: 'c' }, ['email', 'password', 'handle']],
      ['a number as password', { ...SIGN_UP, password: 12345678 }, ['password']],
    ]
    test.each(bad)('for %s', async (_, body, fields) => {
      expectProblem((await signUp(body)).answer, 422, 'validation_failed', fields)
    })
  })

  describe('429', () => {
    test('when the address has signed up too often, whatever it sends', async () => {
      const api = await startApi()
      api.buckets.empty('signups:203.0.113.9')
      expectProblem(await api.anonymous.post('/auth/signup', {}), 429, 'rate_limited')
    })
  })

  describe('503', () => {
    const down = async (): Promise<never> => {
      throw unavailable()
    }
    test('while the database is down', async () => {
      const { answer } = await signUp(SIGN_UP, { findUserByEmail: down })
      expectProblem(answer, 503, 'unavailable')
    })
    test('while too many passwords are being hashed', async () => {
      const api = await startApi({
        stores: { accounts: NOBODY },
        passwords: { hash: () => Promise.reject(unavailable(undefined, 1)), verify: async () => false },
      })
      expectProblem(await api.anonymous.post('/auth/signup', SIGN_UP), 503, 'unavailable')
    })
  })
})
