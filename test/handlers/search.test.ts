import { describe, expect, test } from 'bun:test'
import type { Candidate } from '../../src/features/search/store'
import { encodeCursor } from '../../src/kernel/cursor'
import { aStory, type FoundStory } from '../support/builders'
import { ava, ben, cleo } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owes401, owes429, owes503, owesPageChecks } from './duties'

const match = (story: FoundStory): Candidate => ({
  id: story.id,
  authorId: story.authorId,
  rank: '0.06079271',
  createdAt: story.createdAt,
})
const apiWith = (
  stories: FoundStory[],
  matches: Candidate[],
  asked: unknown[] = [],
  marked = '\u0001sun\u0002set',
) =>
  startApi({
    friends: { among: async () => new Set<string>() },
    stores: {
      stories: { findStories: async () => stories },
      search: {
        findCandidates: async ({ q, asOf, after, limit }) => {
          asked.push({ q, asOf, after, limit })
          return matches
        },
        markMatches: async (_q, ids) => new Map(ids.map((id) => [id, marked])),
      },
    },
  })

describe('GET /search', () => {
  describe('200', () => {
    test('answers stories with their matches marked', async () => {
      const story = aStory({ text: 'sunset' })
      const { body } = await (await apiWith([story], [match(story)])).as(ben).get('/search?q=sun')
      expect(body.items).toEqual([
        expect.objectContaining({ id: story.id, highlight: '<mark>sun</mark>set' }),
      ])
    })
    test('escapes what is not a mark', async () => {
      const story = aStory()
      const marked = '<img src=x onerror="a"> \u0001&\u0002 <mark>'
      const { body } = await (await apiWith([story], [match(story)], [], marked)).as(ben).get('/search?q=x')
      expect((body.items as { highlight: string }[])[0]?.highlight).toBe(
        '&lt;img src=x onerror=&quot;a&quot;&gt; <mark>&amp;</mark> &lt;mark&gt;',
      )
    })
    test('leaves out what the rules forbid, even if it matched', async () => {
      const hidden = aStory({ visibility: 'friends', authorId: cleo.id })
      const { body } = await (await apiWith([hidden], [match(hidden)])).as(ben).get('/search?q=sun')
      expect(body.items).toEqual([])
    })
    test('shows a caller their own private stories', async () => {
      const own = aStory({ visibility: 'private' })
      const { body } = await (await apiWith([own], [match(own)])).as(ava).get('/search?q=sun')
      expect(body.items).toHaveLength(1)
    })
    test('trims the query and goes on as of the first page', async () => {
      const asked: unknown[] = []
      const stories = [aStory(), aStory()]
      const [first] = stories
      const api = await apiWith(
        stories,
        stories.map((story) => match(story)),
        asked,
      )
      const page = await api.as(ben).get('/search?q=%20sun%20&limit=1')
      api.clock.advance(60)
      await api.as(ben).get(`/search?q=sun&limit=1&cursor=${page.body.next_cursor}`)
      expect(asked).toEqual([
        { q: 'sun', asOf: NOON, after: null, limit: 2 },
        { q: 'sun', asOf: NOON, after: { rank: '0.06079271', createdAt: NOON, id: first?.id }, limit: 2 },
      ])
    })
    test('takes 200 characters of any plane', async () => {
      const { as } = await apiWith([], [])
      expect((await as(ben).get(`/search?q=${encodeURIComponent('😀'.repeat(200))}`)).status).toBe(200)
    })
  })

  describe('400', () => {
    const cursor = (rank: string) => encodeCursor('search', [String(NOON.getTime()), rank, '0', ava.id])
    test.each(['1e-99', '1e-46', '-1', '1001', 'NaN', ''])(
      'for a cursor whose rank is "%s"',
      async (rank) => {
        const { as } = await apiWith([], [])
        expectProblem(await as(ben).get(`/search?q=sun&cursor=${cursor(rank)}`), 400, 'invalid_cursor', [
          'cursor',
        ])
      },
    )
    test.each(['0', '1e-20', '0.06079271', '1'])('not for one whose rank is "%s"', async (rank) => {
      const { as } = await apiWith([], [])
      expect((await as(ben).get(`/search?q=sun&cursor=${cursor(rank)}`)).status).toBe(200)
    })
  })

  owes401('GET', '/search')
  owesPageChecks('/search?q=sun')

  describe('422', () => {
    test('without a query', async () => {
      const { as } = await startApi()
      expectProblem(await as(ben).get('/search'), 422, 'validation_failed', ['q'])
    })
    test.each(['', '%20', 'x'.repeat(201), 'a%00b', 'x'.repeat(1001)])('for the query "%s"', async (q) => {
      const { as } = await startApi()
      expectProblem(await as(ben).get(`/search?q=${q}`), 422, 'validation_failed', ['q'])
    })
  })

  owes429('GET', '/search?q=sun', 'search')
  owes503('GET', '/search?q=sun', (fail) => ({ stores: { search: { findCandidates: fail } } }))
})
