import { describe, expect, test } from 'bun:test'
import { aStory } from '../support/builders'
import { ben, cleo } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem, owes401, owes503, owesIdCheck } from './duties'

const story = aStory()
const path = `/stories/${story.id}/reactions`
const apiWith = (wasThere: boolean) =>
  startApi({
    stores: {
      stories: { findStory: async () => story },
      reactions: { deleteReaction: async () => wasThere },
    },
  })

describe('DELETE /stories/:id/reactions', () => {
  describe('204', () => {
    test('takes the reaction back and renews the caller’s pages', async () => {
      const api = await apiWith(true)
      const answer = await api.as(ben).delete(path)
      expect([answer.status, answer.text]).toEqual([204, ''])
      expect(api.activity.calls.map(([name]) => name)).toEqual(['reactionRemoved'])
      expect(api.pageVersions.of('renew')).toEqual([[[ben.id]]])
    })
    test('also when there was none, with new pages, as an earlier word may be missing', async () => {
      const api = await apiWith(false)
      expect((await api.as(ben).delete(path)).status).toBe(204)
      expect(api.activity.calls).toEqual([])
      expect(api.pageVersions.of('renew')).toEqual([[[ben.id]]])
    })
  })

  owes401('DELETE', '/stories/:id/reactions')

  describe('404', () => {
    test('for a story that the caller may not see', async () => {
      const hidden = aStory({ visibility: 'private' })
      const api = await startApi({ stores: { stories: { findStory: async () => hidden } } })
      expectProblem(await api.as(cleo).delete(path), 404, 'not_found')
    })
  })

  owesIdCheck('DELETE', '/stories/:id/reactions')
  owes503('DELETE', '/stories/:id/reactions', (fail) => ({ stores: { stories: { findStory: fail } } }))
})
