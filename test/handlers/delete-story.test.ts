import { describe, expect, test } from 'bun:test'
import { unavailable } from '../../src/kernel/errors'
import { aStory, type FoundStory } from '../support/builders'
import { ava, ben, cleo, mod, type Person } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owes401, owes503, owesIdCheck } from './duties'

const remove = async (person: Person, story: FoundStory, isFirst = true) => {
  const changed: string[] = []
  const api = await startApi({
    stores: {
      stories: {
        findStory: async () => story,
        softDelete: async (id) => {
          changed.push(`story ${id}`)
          return isFirst
        },
      },
      media: { giveUpOfStory: async (id) => void changed.push(`media ${id}`) },
    },
  })
  return { api, changed, answer: await api.as(person).delete(`/stories/${story.id}`) }
}

describe('DELETE /stories/:id', () => {
  describe('204', () => {
    test('to its author: story and media go, and cached pages lose it', async () => {
      const story = aStory({ visibility: 'private' })
      const { answer, api, changed } = await remove(ava, story)
      expect([answer.status, answer.text]).toEqual([204, ''])
      expect(changed).toEqual([`story ${story.id}`, `media ${story.id}`])
      expect(api.pageVersions.of('noteRemoved')).toEqual([[story.id], [story.id]])
      expect(api.activity.calls.map(([name]) => name)).toEqual(['storyDeleted'])
    })
    test('to an admin, also for a story they may not see, noted as removed', async () => {
      const { answer, api } = await remove(mod, aStory({ visibility: 'private' }))
      expect(answer.status).toBe(204)
      expect(api.activity.calls.map(([name]) => name)).toEqual(['storyRemoved'])
    })
  })

  owes401('DELETE', '/stories/:id')

  describe('403', () => {
    test('to others who can see it', async () => {
      const { answer, changed } = await remove(cleo, aStory())
      expectProblem(answer, 403, 'forbidden')
      expect(changed).toEqual([])
    })
    test('to a friend who can see it', async () => {
      expectProblem(
        (await remove(ben, aStory({ visibility: 'friends', isFriend: true }))).answer,
        403,
        'forbidden',
      )
    })
  })

  describe('404', () => {
    test('when it has ended and was told of again too often, and nothing is told', async () => {
      const story = aStory({ deletedAt: NOON })
      const api = await startApi({ stores: { stories: { findStory: async () => story } } })
      api.buckets.empty(`removed-again:${story.id}`)
      expectProblem(await api.as(ava).delete(`/stories/${story.id}`), 404, 'not_found')
      expect(api.pageVersions.of('noteRemoved')).toEqual([])
      expect(api.buckets.taken.map(({ rule }) => rule)).toEqual([{ limit: 3, perSeconds: 120 }])
    })
    test('to those who may not see it', async () => {
      expectProblem((await remove(ben, aStory({ visibility: 'private' }))).answer, 404, 'not_found')
    })
    test.each([
      ['a moment ago, and that is told anew', NOON, 1],
      ['longer ago than any page lives, and nothing is told', new Date(NOON.getTime() - 180_000), 0],
    ])('when it has ended %s', async (_, deletedAt, told) => {
      const { answer, api } = await remove(ava, aStory({ deletedAt }))
      expectProblem(answer, 404, 'not_found')
      expect(api.pageVersions.of('noteRemoved')).toHaveLength(told)
    })
    test('when a twin request was first', async () => {
      const { answer, api } = await remove(ava, aStory(), false)
      expectProblem(answer, 404, 'not_found')
      expect(api.activity.calls).toEqual([])
    })
    test('when there is none', async () => {
      const api = await startApi({ stores: { stories: { findStory: async () => null } } })
      expectProblem(await api.as(ava).delete(`/stories/${aStory().id}`), 404, 'not_found')
    })
  })

  test('503, and cached pages lose it nevertheless, when it may be committed and only the answer is lost', async () => {
    const story = aStory()
    const lost = async () => {
      throw unavailable(new Error('connection closed'))
    }
    const stores = { stories: { findStory: async () => story, softDelete: lost } }
    const api = await startApi({ stores })
    expectProblem(await api.as(ava).delete(`/stories/${story.id}`), 503, 'unavailable')
    expect(api.pageVersions.of('noteRemoved')).toEqual([[story.id], [story.id]])
  })

  owesIdCheck('DELETE', '/stories/:id')
  owes503('DELETE', '/stories/:id', (fail) => ({ stores: { stories: { findStory: fail } } }))
})
