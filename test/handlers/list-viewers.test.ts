import { describe, expect, test } from 'bun:test'
import type { ViewerRow } from '../../src/features/stories/store'
import { anId, aStory, type FoundStory } from '../support/builders'
import { ava, ben, cleo, dov, mod, type Person } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owes401, owes503, owesIdCheck, owesPageChecks } from './duties'

const row = (person: Person, some: Partial<ViewerRow> = {}): ViewerRow => ({
  id: person.id,
  handle: person.handle,
  viewedAt: NOON,
  reaction: null,
  ...some,
})
const apiWith = (story: FoundStory | null, rows: ViewerRow[], asked: unknown[] = []) =>
  startApi({
    stores: {
      stories: {
        findStory: async () => story,
        listViewers: async (...args) => {
          asked.push(args.slice(2))
          return rows
        },
      },
    },
  })

describe('GET /stories/:id/viewers', () => {
  const story = aStory({ visibility: 'friends', isFriend: true })
  const path = `/stories/${story.id}/viewers`

  describe('200', () => {
    test('answers who saw it and what they thought', async () => {
      const api = await apiWith(story, [row(ben, { reaction: '🔥' }), row(dov)])
      const answer = await api.as(ava).get(path)
      expect(answer.body).toEqual({
        items: [
          { user: { id: ben.id, handle: 'ben' }, viewed_at: NOON.toISOString(), reaction: '🔥' },
          { user: { id: dov.id, handle: 'dov' }, viewed_at: NOON.toISOString(), reaction: null },
        ],
        next_cursor: null,
      })
    })
    test('in pages: the cursor leads on from the last that was shown', async () => {
      const asked: unknown[] = []
      const api = await apiWith(story, [row(ben), row(dov), row(cleo)], asked)
      const first = await api.as(ava).get(`${path}?limit=2`)
      expect(first.body.items).toHaveLength(2)
      await api.as(ava).get(`${path}?limit=2&cursor=${first.body.next_cursor}`)
      expect(asked).toEqual([
        [null, 3],
        [{ at: NOON, id: dov.id }, 3],
      ])
    })
  })

  owes401('GET', '/stories/:id/viewers')

  describe('403', () => {
    test('to others who can see the story', async () => {
      expectProblem(await (await apiWith(story, [])).as(ben).get(path), 403, 'forbidden')
    })
    test('to an admin who can see it', async () => {
      expectProblem(await (await apiWith(aStory(), [])).as(mod).get(path), 403, 'forbidden')
    })
  })

  describe('404', () => {
    test('to those who may not see the story', async () => {
      const hidden = aStory({ visibility: 'private' })
      expectProblem(await (await apiWith(hidden, [])).as(ben).get(path), 404, 'not_found')
    })
    test('when there is none', async () => {
      expectProblem(await (await apiWith(null, [])).as(ava).get(path), 404, 'not_found')
    })
  })

  owesIdCheck('GET', '/stories/:id/viewers')
  owesPageChecks(`/stories/${anId()}/viewers`)
  owes503('GET', '/stories/:id/viewers', (fail) => ({ stores: { stories: { findStory: fail } } }))
})
