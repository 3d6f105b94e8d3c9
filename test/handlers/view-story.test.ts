import { describe, expect, test } from 'bun:test'
import type { Stores } from '../../src/context'
import { aStory } from '../support/builders'
import { ava, ben, cleo } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owes401, owes503, owesIdCheck } from './duties'

const story = aStory()
const path = `/stories/${story.id}/view`
const earlier = new Date(NOON.getTime() - 60_000)
type Recorded = NonNullable<Awaited<ReturnType<Stores['stories']['recordViews']>>[number]>
const apiWith = (recorded: Partial<Recorded>, others: Partial<Stores['stories']> = {}) =>
  startApi({
    stores: {
      stories: {
        recordViews: async (views) =>
          views.map(({ viewedAt }) => ({
            authorId: ava.id,
            isFirst: true,
            viewedAt,
            events: [],
            ...recorded,
          })),
        ...others,
      },
    },
  })

describe('POST /stories/:id/view', () => {
  describe('200', () => {
    test('records the first view, tells the author and renews the viewer’s pages', async () => {
      const api = await apiWith({})
      const answer = await api.as(ben).post(path)
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual({ story_id: story.id, viewer_id: ben.id, viewed_at: NOON.toISOString() })
      expect(api.announced()).toBe(1)
      expect(api.activity.of('storyViewed')).toHaveLength(1)
      expect(api.pageVersions.of('noteViewed')).toEqual([[ben.id, story.id]])
    })
    test('answers the first view again, and tells nobody but the caller’s pages, whose word may be missing', async () => {
      const api = await apiWith({ isFirst: false, viewedAt: earlier })
      expect((await api.as(ben).post(path)).body.viewed_at).toBe(earlier.toISOString())
      expect(api.announced()).toBe(0)
      expect(api.activity.calls).toEqual([])
      expect(api.pageVersions.of('noteViewed')).toHaveLength(1)
    })
    test('answers the view of a twin request that was first', async () => {
      const api = await apiWith({ isFirst: false, viewedAt: null }, { findView: async () => earlier })
      expect((await api.as(ben).post(path)).body.viewed_at).toBe(earlier.toISOString())
      expect(api.announced()).toBe(0)
    })
    test('records the author’s own view, but neither counts nor tells it', async () => {
      const api = await apiWith({})
      expect((await api.as(ava).post(path)).status).toBe(200)
      expect(api.announced()).toBe(0)
      expect(api.activity.calls).toEqual([])
    })
    test('whatever the body, which is not read', async () => {
      const api = await apiWith({})
      const init = { body: '{', headers: { 'content-type': 'application/json' } }
      expect((await api.as(ben).send('POST', path, init)).status).toBe(200)
    })
  })

  owes401('POST', '/stories/:id/view')

  describe('404', () => {
    test('for a story that is not there for the viewer', async () => {
      const api = await apiWith({}, { recordViews: async () => [null] })
      expectProblem(await api.as(cleo).post(path), 404, 'not_found')
    })
    test('for a view that went with its story', async () => {
      const api = await apiWith({ isFirst: false, viewedAt: null }, { findView: async () => null })
      expectProblem(await api.as(ben).post(path), 404, 'not_found')
    })
  })

  owesIdCheck('POST', '/stories/:id/view')
  owes503('POST', '/stories/:id/view', (fail) => ({ stores: { stories: { recordViews: fail } } }))
})
