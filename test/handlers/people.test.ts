import { describe, expect, test } from 'bun:test'
import type { Stores } from '../../src/context'
import type { PersonRow } from '../../src/features/people/store'
import { ava, ben, cleo, type Person } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owes401, owes429, owes503, owesIdCheck, owesPageChecks } from './duties'

const row = ({ id, handle }: Person, following = false): PersonRow => ({
  id,
  handle,
  createdAt: NOON,
  following,
})
const apiWith = (people: Partial<Stores['people']>) => startApi({ stores: { people } })

describe('GET /users', () => {
  describe('200', () => {
    test('answers people by the start of their handle', async () => {
      const api = await apiWith({ findByHandlePrefix: async () => [row(ava, true)] })
      const { body } = await api.as(ben).get('/users?q=av')
      expect(body).toEqual({ items: [{ id: ava.id, handle: 'ava', following: true }], next_cursor: null })
    })
    test('takes any case and an @, and goes on after the last handle', async () => {
      const asked: unknown[][] = []
      const api = await apiWith({
        findByHandlePrefix: async (...args) => {
          asked.push(args)
          return [row(ava), row(cleo)]
        },
      })
      const first = await api.as(ben).get('/users?q=%40AV&limit=1')
      await api.as(ben).get(`/users?q=av&limit=1&cursor=${first.body.next_cursor}`)
      expect(asked).toEqual([
        [ben.id, 'av', null, 2],
        [ben.id, 'av', 'ava', 2],
      ])
    })
    test.each(['av%25', 'a.b', '%F0%9F%98%80'])('an empty page for "%s", which no handle has', async (q) => {
      const { as } = await apiWith({})
      expect((await as(ben).get(`/users?q=${q}`)).body).toEqual({ items: [], next_cursor: null })
    })
  })

  owes401('GET', '/users')
  owesPageChecks('/users?q=av')

  describe('422', () => {
    test.each(['', '?q=', `?q=${'x'.repeat(32)}`])('for "%s"', async (query) => {
      const { as } = await apiWith({})
      expectProblem(await as(ben).get(`/users${query}`), 422, 'validation_failed', ['q'])
    })
  })

  owes429('GET', '/users?q=av', 'search')
  owes503('GET', '/users?q=av', (fail) => ({ stores: { people: { findByHandlePrefix: fail } } }))
})

describe('GET /users/:id', () => {
  describe('200', () => {
    test('answers a person without the email', async () => {
      const api = await apiWith({ findPerson: async () => row(ava, true) })
      const { body } = await api.as(ben).get(`/users/${ava.id}`)
      expect(body).toEqual({ id: ava.id, handle: 'ava', created_at: NOON.toISOString(), following: true })
    })
  })

  owes401('GET', '/users/:id')

  describe('404', () => {
    test('for nobody', async () => {
      const api = await apiWith({ findPerson: async () => null })
      expectProblem(await api.as(ben).get(`/users/${ava.id}`), 404, 'not_found')
    })
  })

  owesIdCheck('GET', '/users/:id')
  owes503('GET', '/users/:id', (fail) => ({ stores: { people: { findPerson: fail } } }))
})
