import { describe, expect, test } from 'bun:test'
import { hashRefreshToken } from '../../src/features/accounts/issue-session'
import type { RefreshTokenRow } from '../../src/features/accounts/store'
import { unavailable } from '../../src/kernel/errors'
import { anId, aUser } from '../support/builders'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owesBodyChecks } from './duties'

const TOKEN = 'the-refresh-token'
const aRow = (some: Partial<RefreshTokenRow> = {}): RefreshTokenRow => ({
  tokenHash: hashRefreshToken(TOKEN),
  familyId: anId(),
  userId: ava.id,
  createdAt: NOON,
  expiresAt: new Date(NOON.getTime() + 1000),
  spentAt: null,
  revokedAt: null,
  ...some,
})

const refresh = async (
  row: RefreshTokenRow | null,
  user = aUser() as ReturnType<typeof aUser> | null,
  isAlive = true,
) => {
  const spent: string[] = []
  const revoked: string[] = []
  const families: string[] = []
  const locked: string[] = []
  const api = await startApi({
    stores: {
      accounts: {
        findFamily: async (hash) => (row?.tokenHash === hash ? row : null),
        lockFamily: async (familyId) => void locked.push(familyId),
        lockRefreshToken: async (hash) => (row?.tokenHash === hash ? row : null),
        findUserById: async () => user,
        spendRefreshToken: async (hash) => void spent.push(hash),
        revokeFamily: async (familyId) => {
          revoked.push(familyId)
          return isAlive
        },
        insertRefreshToken: async ({ familyId }) => void families.push(familyId),
      },
    },
  })
  const answer = await api.anonymous.post('/auth/refresh', { refresh_token: TOKEN })
  return { api, answer, spent, revoked, families, locked }
}

describe('POST /auth/refresh', () => {
  describe('200', () => {
    test('spends the old token for a new session of the same family', async () => {
      const row = aRow()
      const { answer, spent, families, revoked, locked, api } = await refresh(row)
      expect(answer.status).toBe(200)
      expect(answer.body).toMatchObject({ user: { id: ava.id }, token_type: 'Bearer' })
      expect(answer.body.refresh_token).not.toBe(TOKEN)
      expect(spent).toEqual([row.tokenHash])
      expect(locked).toEqual([row.familyId])
      expect(families).toEqual([row.familyId])
      expect(revoked).toEqual([])
      expect(api.activity.of('auth').map((call) => call.slice(1))).toEqual([['refresh', 'ok']])
    })
  })

  owesBodyChecks('/auth/refresh', ['refresh_token'])

  describe('401', () => {
    test('for a token used twice, and its whole family ends', async () => {
      const row = aRow({ spentAt: NOON })
      const { answer, revoked, families, api } = await refresh(row)
      expectProblem(answer, 401, 'invalid_refresh_token')
      expect(revoked).toEqual([row.familyId])
      expect(families).toEqual([])
      expect(api.activity.of('auth').map((call) => call.slice(1))).toEqual([['refresh', 'reused']])
    })
    test('for a token used twice whose family has ended before, which is no theft', async () => {
      const { api } = await refresh(aRow({ spentAt: NOON }), aUser(), false)
      expect(api.activity.of('auth').map((call) => call.slice(1))).toEqual([['refresh', 'refused']])
    })
    const refused: [string, RefreshTokenRow | null][] = [
      ['that is unknown', null],
      ['that has expired', aRow({ expiresAt: NOON })],
      ['whose family has ended', aRow({ revokedAt: NOON })],
    ]
    test.each(refused)('for a token %s', async (_, row) => {
      const { answer, revoked, spent } = await refresh(row)
      expectProblem(answer, 401, 'invalid_refresh_token')
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect([...revoked, ...spent]).toEqual([])
    })
    test('when the user is gone', async () => {
      expectProblem((await refresh(aRow(), null)).answer, 401, 'invalid_refresh_token')
    })
  })

  describe('422', () => {
    test.each(['', 'x'.repeat(513)])('for a token of an impossible length', async (token) => {
      const { anonymous } = await startApi()
      const answer = await anonymous.post('/auth/refresh', { refresh_token: token })
      expectProblem(answer, 422, 'validation_failed', ['refresh_token'])
    })
  })

  describe('429', () => {
    test('when its family is renewed without end', async () => {
      const { api } = await refresh(aRow({ spentAt: NOON }))
      expect(api.buckets.taken.map(({ rule }) => rule.limit)).toEqual([100])
      api.buckets.empty('logins:family:')
      expectProblem(await api.anonymous.post('/auth/refresh', { refresh_token: TOKEN }), 429, 'rate_limited')
    })
    test('which costs nothing for a token that is unknown', async () => {
      expect((await refresh(null)).api.buckets.taken).toEqual([])
    })
  })

  describe('503', () => {
    test('while the database is down', async () => {
      const findFamily = () => Promise.reject(unavailable())
      const api = await startApi({ stores: { accounts: { findFamily } } })
      expectProblem(await api.anonymous.post('/auth/refresh', { refresh_token: TOKEN }), 503, 'unavailable')
    })
  })
})
