import { describe, expect, test } from 'bun:test'
import type { FeedRow } from '../../src/features/feed/store'
import type { TimeKey } from '../../src/kernel/cursor'
import { aStory, type FoundStory } from '../support/builders'
import { ava, ben, cleo } from '../support/cast'
import { startApi } from '../support/client'
import type { Preparation } from '../support/fake-context'
import { owes401, owes503, owesPageChecks } from './duties'

const OFF: Preparation['pageCache'] = { find: async () => ({ kind: 'off' }) }
const at = (minute: number) => new Date(Date.UTC(2026, 2, 4, 11, minute))
const ids = (body: object) => ((body as { items: { id: string }[] }).items ?? []).map(({ id }) => id)

/** Stores with these stories, newest first; `asked` notes each walk. */
function feedOf(stories: readonly FoundStory[], some: Preparation = {}) {
  const asked: { after: TimeKey | null; limit: number }[] = []
  const listSkeleton = async (
    _: string,
    __: Date,
    after: TimeKey | null,
    limit: number,
  ): Promise<FeedRow[]> => {
    asked.push({ after, limit })
    const from = after === null ? 0 : stories.findIndex((story) => story.id === after.id) + 1
    return stories.slice(from, from + limit)
  }
  const findStories = async (_: string, wanted: readonly string[]) =>
    stories.filter((story) => wanted.includes(story.id)).reverse()
  const friends = { among: async () => new Set([ava.id]) }
  const preparation: Preparation = {
    pageCache: OFF,
    friends,
    stores: { feed: { listSkeleton }, stories: { findStories } },
    ...some,
  }
  return { asked, preparation }
}

describe('GET /feed', () => {
  describe('200', () => {
    test('answers stories in the order of the feed, whatever order they are loaded in', async () => {
      const stories = [
        aStory({ createdAt: at(9) }),
        aStory({ createdAt: at(5) }),
        aStory({ createdAt: at(1) }),
      ]
      const api = await startApi(feedOf(stories).preparation)
      const answer = await api.as(ben).get('/feed')
      expect(answer.status).toBe(200)
      expect(ids(answer.body)).toEqual(stories.map(({ id }) => id))
      expect(answer.body.next_cursor).toBeNull()
      expect(answer.headers.get('cache-control')).toBe('no-store')
    })
    test('in pages without repeating or skipping one', async () => {
      const stories = [9, 7, 5, 3, 1].map((minute) => aStory({ createdAt: at(minute) }))
      const api = await startApi(feedOf(stories).preparation)
      const seen: string[] = []
      let query = '?limit=2'
      for (let page = 0; page < 4; page++) {
        const { body } = await api.as(ben).get(`/feed${query}`)
        seen.push(...ids(body))
        if (body.next_cursor === null) break
        query = `?limit=2&cursor=${body.next_cursor}`
      }
      expect(seen).toEqual(stories.map(({ id }) => id))
    })
    test('leaves out what the rules forbid, even if the list still had it, and fills the page', async () => {
      const hidden = [
        aStory({ visibility: 'private' }),
        aStory({ visibility: 'friends', authorId: cleo.id }),
        aStory({ deletedAt: at(1) }),
      ]
      const shown = [aStory(), aStory({ visibility: 'friends' })]
      const { asked, preparation } = feedOf([...hidden, ...shown])
      const api = await startApi(preparation)
      const { body } = await api.as(ben).get('/feed?limit=3')
      expect(ids(body)).toEqual(shown.map(({ id }) => id))
      expect(asked.length).toBeGreaterThan(1)
    })
    test('gives up filling after three looks, with a cursor to go on from', async () => {
      const stories = Array.from({ length: 20 }, () => aStory({ visibility: 'private' }))
      const { asked, preparation } = feedOf(stories)
      const { body } = await (await startApi(preparation)).as(ben).get('/feed?limit=2')
      expect(body.items).toEqual([])
      expect(body.next_cursor).toBeString()
      expect(asked).toHaveLength(3)
    })
    test('from the cache without a look at the database', async () => {
      const body = '{"items":[],"next_cursor":null}'
      const hit = { kind: 'hit', body: Buffer.from(body) } as const
      const api = await startApi({ pageCache: { find: async () => hit } })
      expect((await api.as(ben).get('/feed')).text).toBe(body)
    })
    test('keeps a missed first page under the stamp that was read before the database', async () => {
      const kept: unknown[][] = []
      const stamp = { version: 'v1', removed: '', viewed: '', renderedAtMs: 5, failedMs: 0 }
      const { preparation } = feedOf([aStory()], {
        pageCache: {
          find: async () => ({ kind: 'miss', stamp }),
          keep: async (...args) => void kept.push(args),
        },
      })
      const api = await startApi(preparation)
      const answer = await api.as(ben).get('/feed?limit=7')
      expect(kept).toEqual([[ben.id, 7, stamp, expect.anything(), answer.text]])
    })
    test('one load answers all who ask for the same page at once', async () => {
      const stamp = { version: 'v1', removed: '', viewed: '', renderedAtMs: 5, failedMs: 0 }
      const all = Promise.withResolvers<void>()
      let looked = 0
      const find = async () => {
        if (++looked === 5) all.resolve()
        await all.promise
        return { kind: 'miss', stamp } as const
      }
      const { asked, preparation } = feedOf([aStory()], { pageCache: { find, keep: async () => undefined } })
      const api = await startApi(preparation)
      const answers = await Promise.all(Array.from({ length: 5 }, () => api.as(ben).get('/feed')))
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
      expect(asked).toHaveLength(1)
    })
    test.each<[string, string | number, string | number]>([
      ['version', 'before', 'after'],
      ['removed', 'before', 'after'],
      ['viewed', 'before', 'after'],
      // Redis may be back with the versions of before.
      ['failedMs', 0, 7],
    ])('but not those who ask after a change that is told by its %s', async (part, before, after) => {
      const stamps = [before, after].map((value) => ({
        ...{ version: 'v1', removed: '', viewed: '', renderedAtMs: 5, failedMs: 0 },
        [part]: value,
      }))
      const both = Promise.withResolvers<void>()
      const find = async () => {
        const stamp = stamps.shift()
        if (stamp === undefined) throw new Error('asked more than twice')
        if (stamps.length === 0) both.resolve()
        await both.promise
        return { kind: 'miss', stamp } as const
      }
      const { asked, preparation } = feedOf([aStory()], {
        pageCache: { find, keep: async () => undefined },
      })
      const api = await startApi(preparation)
      await Promise.all([api.as(ben).get('/feed'), api.as(ben).get('/feed')])
      expect(asked).toHaveLength(2)
    })
    test('never from the cache for a later page', async () => {
      const stories = [aStory({ createdAt: at(2) }), aStory({ createdAt: at(1) })]
      const { preparation } = feedOf(stories)
      const first = await (await startApi(preparation)).as(ben).get('/feed?limit=1')
      const { preparation: later } = feedOf(stories, { pageCache: {} })
      const second = await (await startApi(later))
        .as(ben)
        .get(`/feed?limit=1&cursor=${first.body.next_cursor}`)
      expect(ids(second.body)).toEqual([stories[1]?.id ?? ''])
    })
  })

  owes401('GET', '/feed')
  owesPageChecks('/feed')
  owes503('GET', '/feed', (fail) => ({ pageCache: OFF, stores: { feed: { listSkeleton: fail } } }))
})
