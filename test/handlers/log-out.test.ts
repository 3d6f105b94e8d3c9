import { describe, expect, test } from 'bun:test'
import { unavailable } from '../../src/kernel/errors'
import { anId } from '../support/builders'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem, owesBodyChecks } from './duties'

const logOut = async (family: { familyId: string; userId: string } | null) => {
  const revoked: string[] = []
  const api = await startApi({
    stores: {
      accounts: {
        findFamily: async () => family,
        lockFamily: async () => undefined,
        revokeFamily: async (id) => revoked.push(id) > 0,
      },
    },
  })
  const answer = await api.anonymous.post('/auth/logout', { refresh_token: 'some-token' })
  return { answer, revoked, api }
}

describe('POST /auth/logout', () => {
  describe('204', () => {
    test('ends the family of the token', async () => {
      const family = { familyId: anId(), userId: ava.id }
      const { answer, revoked, api } = await logOut(family)
      expect([answer.status, answer.text]).toEqual([204, ''])
      expect(revoked).toEqual([family.familyId])
      expect(api.activity.of('auth').map((call) => call.slice(1))).toEqual([['logout', 'ok']])
    })
    test('for a token that nobody knows, too', async () => {
      const { answer, revoked } = await logOut(null)
      expect([answer.status, answer.text]).toEqual([204, ''])
      expect(revoked).toEqual([])
    })
  })

  owesBodyChecks('/auth/logout', ['refresh_token'])

  describe('503', () => {
    test('while the database is down', async () => {
      const findFamily = () => Promise.reject(unavailable())
      const api = await startApi({ stores: { accounts: { findFamily } } })
      expectProblem(await api.anonymous.post('/auth/logout', { refresh_token: 't' }), 503, 'unavailable')
    })
  })
})
