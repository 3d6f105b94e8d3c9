import { describe, expect, test } from 'bun:test'
import type { Stores } from '../../src/context'
import { ava, ben, cleo } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owes401, owes429, owes503, owesIdCheck } from './duties'

const apiWith = (graph: Partial<Stores['graph']>) => startApi({ stores: { graph } })

describe('POST /follow/:user_id', () => {
  const path = `/follow/${ava.id}`

  describe('201', () => {
    test('for the first time; the follower’s pages and friends become stale', async () => {
      const api = await apiWith({ insertFollow: async (row) => ({ row, isNew: true }) })
      const answer = await api.as(ben).post(path)
      expect(answer.status).toBe(201)
      expect(answer.body).toEqual({
        follower_id: ben.id,
        followee_id: ava.id,
        created_at: NOON.toISOString(),
      })
      for (const name of ['renewGraph', 'renew'] as const)
        expect(api.pageVersions.of(name)).toEqual([[[ben.id]]])
      expect(api.activity.of('followAdded')).toHaveLength(1)
      expect(answer.headers.get('ratelimit-limit')).toBe('120')
    })
    test('and under the mutual rule those of both', async () => {
      const api = await startApi({
        config: { friendsRule: 'mutual' },
        stores: { graph: { insertFollow: async (row) => ({ row, isNew: true }) } },
      })
      expect((await api.as(ben).post(path)).status).toBe(201)
      for (const name of ['renewGraph', 'renew'] as const)
        expect(api.pageVersions.of(name)).toEqual([[[ben.id, ava.id]]])
    })
  })
  describe('200', () => {
    test('after that, with the first moment', async () => {
      const api = await apiWith({
        insertFollow: async (row) => ({ row: { ...row, createdAt: new Date(0) }, isNew: false }),
      })
      const answer = await api.as(ben).post(path)
      expect(answer.status).toBe(200)
      expect(answer.body.created_at).toBe('1970-01-01T00:00:00.000Z')
      expect(api.activity.calls).toEqual([])
      // An earlier word may be missing.
      expect(api.pageVersions.of('renew')).toHaveLength(1)
    })
  })

  owes401('POST', '/follow/:user_id')

  describe('404', () => {
    test('for nobody', async () => {
      const api = await apiWith({ insertFollow: async () => null })
      expectProblem(await api.as(ben).post(path), 404, 'not_found')
    })
  })

  owesIdCheck('POST', '/follow/:user_id')

  describe('422', () => {
    test.each([ben.id, ben.id.toUpperCase()])('for oneself, as %s', async (id) => {
      const { as } = await startApi()
      expectProblem(await as(ben).post(`/follow/${id}`), 422, 'cannot_follow_self', ['user_id'])
    })
  })

  describe('422', () => {
    test('for one more than may be followed', async () => {
      const api = await apiWith({ insertFollow: async () => 'too_many' })
      expectProblem(await api.as(ben).post(path), 422, 'validation_failed', ['user_id'])
    })
  })

  owes429('POST', '/follow/:user_id', 'follows')
  owes503('POST', '/follow/:user_id', (fail) => ({ stores: { graph: { insertFollow: fail } } }))
})

describe('DELETE /follow/:user_id', () => {
  describe('204', () => {
    test('and friends stories are gone from the next feed', async () => {
      const api = await apiWith({ deleteFollow: async () => true })
      const answer = await api.as(ben).delete(`/follow/${ava.id}`)
      expect([answer.status, answer.text]).toEqual([204, ''])
      for (const name of ['renewGraph', 'renew'] as const)
        expect(api.pageVersions.of(name)).toEqual([[[ben.id]]])
      expect(api.activity.of('followRemoved')).toHaveLength(1)
    })
    test('also when there was no follow, or no such person', async () => {
      const api = await apiWith({ deleteFollow: async () => false })
      expect((await api.as(cleo).delete(`/follow/${ava.id}`)).status).toBe(204)
      expect(api.activity.calls).toEqual([])
    })
  })

  owes401('DELETE', '/follow/:user_id')
  owesIdCheck('DELETE', '/follow/:user_id')
  owes429('DELETE', '/follow/:user_id', 'follows')
  owes503('DELETE', '/follow/:user_id', (fail) => ({ stores: { graph: { deleteFollow: fail } } }))
})
