import { describe, expect, test } from 'bun:test'
import { anId, aStory } from '../support/builders'
import { ava, ben } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owes401, owes503, owesIdCheck, owesPageChecks } from './duties'

const stories = [aStory({ visibility: 'private' }), aStory()]
const [first, second] = stories
const ids = (body: object) => (body as { items: { id: string }[] }).items.map(({ id }) => id)

describe('GET /me/stories', () => {
  describe('200', () => {
    test('answers the caller’s own stories, private ones too', async () => {
      const api = await startApi({ stores: { stories: { listOwn: async () => stories } } })
      const { body } = await api.as(ava).get('/me/stories')
      expect(ids(body)).toEqual(stories.map(({ id }) => id))
      expect(body.next_cursor).toBeNull()
    })
    test('in pages: the cursor leads on from the last that was shown', async () => {
      const asked: unknown[][] = []
      const api = await startApi({
        stores: {
          stories: {
            listOwn: async (...args) => {
              asked.push(args)
              return stories
            },
          },
        },
      })
      const page = await api.as(ava).get('/me/stories?limit=1')
      expect(ids(page.body)).toEqual([first?.id ?? ''])
      await api.as(ava).get(`/me/stories?limit=1&cursor=${page.body.next_cursor}`)
      expect(asked).toEqual([
        [ava.id, null, NOON, 2],
        [ava.id, { at: NOON, id: first?.id }, NOON, 2],
      ])
    })
  })

  owes401('GET', '/me/stories')
  owesPageChecks('/me/stories')
  owes503('GET', '/me/stories', (fail) => ({ stores: { stories: { listOwn: fail } } }))
})

describe('GET /users/:id/stories', () => {
  const path = `/users/${ava.id}/stories`

  describe('200', () => {
    test('answers what the caller may see of a person', async () => {
      const asked: unknown[][] = []
      const api = await startApi({
        stores: {
          stories: {
            listOfAuthor: async (...args) => {
              asked.push(args)
              return second === undefined ? [] : [second]
            },
          },
        },
      })
      expect(ids((await api.as(ben).get(path)).body)).toEqual([second?.id ?? ''])
      expect(asked).toEqual([[ben.id, ava.id, null, NOON, 21]])
    })
    test('answers an empty page for a person with nothing to show', async () => {
      const api = await startApi({
        stores: { stories: { listOfAuthor: async () => [], userExists: async () => true } },
      })
      expect((await api.as(ben).get(path)).body).toEqual({ items: [], next_cursor: null })
    })
  })

  owes401('GET', '/users/:id/stories')

  describe('400', () => {
    test('for a cursor of another list', async () => {
      const api = await startApi({ stores: { stories: { listOwn: async () => stories } } })
      const page = await api.as(ava).get('/me/stories?limit=1')
      const answer = await api.as(ava).get(`${path}?cursor=${page.body.next_cursor}`)
      expectProblem(answer, 400, 'invalid_cursor', ['cursor'])
    })
  })

  describe('404', () => {
    test('for nobody', async () => {
      const api = await startApi({
        stores: { stories: { listOfAuthor: async () => [], userExists: async () => false } },
      })
      expectProblem(await api.as(ben).get(path), 404, 'not_found')
    })
  })

  owesIdCheck('GET', '/users/:id/stories')
  owesPageChecks(`/users/${anId()}/stories`)
  owes503('GET', '/users/:id/stories', (fail) => ({ stores: { stories: { listOfAuthor: fail } } }))
})
