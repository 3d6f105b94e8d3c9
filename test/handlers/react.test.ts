import { describe, expect, test } from 'bun:test'
import type { Stores } from '../../src/context'
import { EMOJI } from '../../src/kernel/emoji'
import { aReaction, aStory } from '../support/builders'
import { ava, ben, cleo, type Person } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem, owes401, owes429, owes503, owesBodyChecks, owesIdCheck } from './duties'

const story = aStory()
const path = `/stories/${story.id}/reactions`
const FIRE = { emoji: '🔥' }
/** What the store says of a reaction when there is one before it. */
const THERE = { authorId: ava.id, isNew: false, events: [] }

/** ben's reaction as the stores take it; changes and events are noted. */
async function react(person: Person, body: object, reactions: Partial<Stores['reactions']> = {}) {
  const changed: unknown[][] = []
  const events: unknown[][] = []
  const api = await startApi({
    stores: {
      reactions: {
        insertReactions: async () => [{ authorId: ava.id, isNew: true, events: [] }],
        changeReaction: async (...args) => void changed.push(args),
        ...reactions,
      },
      events: { append: async (...args) => void events.push(args) },
    },
  })
  return { api, changed, events, answer: await api.as(person).post(path, body) }
}

describe('POST /stories/:id/reactions', () => {
  describe('201', () => {
    test('for the first reaction, told to the author', async () => {
      const { answer, api } = await react(ben, FIRE)
      expect(answer.status).toBe(201)
      expect(answer.body).toMatchObject({ story_id: story.id, user_id: ben.id, emoji: '🔥' })
      expect(api.announced()).toBe(1)
      expect(api.activity.of('reactionAdded')).toHaveLength(1)
      expect(api.pageVersions.of('renew')).toEqual([[[ben.id]]])
      expect(answer.headers.get('ratelimit-limit')).toBe('60')
    })
    test.each([...EMOJI])('for %s', async (emoji) => {
      expect((await react(ben, { emoji })).answer.body.emoji).toBe(emoji)
    })
    test('for a heart without its variation selector, as the heart', async () => {
      expect((await react(ben, { emoji: '\u2764' })).answer.body.emoji).toBe('❤️')
    })
    test('when the one before was taken back while it was to be changed', async () => {
      const found = [THERE, THERE, { authorId: ava.id, isNew: true, events: [] }]
      const { answer, api } = await react(ben, FIRE, {
        insertReactions: async () => [found.shift() ?? null],
        lockReaction: async () => null,
      })
      expect(answer.status).toBe(201)
      expect(api.announced()).toBe(1)
    })
    test('for the author, without counting or telling it', async () => {
      const { answer, api, events } = await react(ava, FIRE)
      expect(answer.status).toBe(201)
      expect([...events, ...api.activity.calls]).toEqual([])
      expect(api.announced()).toBe(0)
    })
  })

  describe('200', () => {
    test('when another emoji replaces the first, told to the author', async () => {
      const before = aReaction({ storyId: story.id, emoji: '👍' })
      const { answer, changed, events, api } = await react(ben, FIRE, {
        insertReactions: async () => [THERE],
        lockReaction: async () => before,
      })
      expect(answer.status).toBe(200)
      expect(answer.body).toMatchObject({ id: before.id, emoji: '🔥' })
      expect(changed).toEqual([[before.id, '🔥', api.clock.now()]])
      expect(events).toEqual([
        [
          ava.id,
          'story.reacted',
          { story_id: story.id, user_id: ben.id, emoji: '🔥', created_at: api.clock.now().toISOString() },
          api.clock.now(),
        ],
      ])
      expect(api.announced()).toBe(1)
    })
    test('when the same comes again, which changes nothing and tells nobody', async () => {
      const before = aReaction({ storyId: story.id, createdAt: new Date(0) })
      const { answer, changed, events, api } = await react(ben, FIRE, {
        insertReactions: async () => [THERE],
        lockReaction: async () => before,
      })
      expect(answer.status).toBe(200)
      expect(answer.body.created_at).toBe('1970-01-01T00:00:00.000Z')
      expect([...changed, ...events, ...api.activity.calls]).toEqual([])
      expect(api.announced()).toBe(0)
    })
  })

  owes401('POST', '/stories/:id/reactions', FIRE)
  owesBodyChecks(path, ['emoji'])

  describe('404', () => {
    test('for a story that is not there for the caller', async () => {
      const { answer, api } = await react(cleo, FIRE, { insertReactions: async () => [null] })
      expectProblem(answer, 404, 'not_found')
      expect(api.activity.calls).toEqual([])
    })
    test('for one that went while its reaction was being changed', async () => {
      const { answer } = await react(ben, FIRE, {
        insertReactions: async () => [THERE],
        lockReaction: async () => null,
      })
      expectProblem(answer, 404, 'not_found')
    })
  })

  owesIdCheck('POST', '/stories/:id/reactions', FIRE)

  describe('422', () => {
    test.each(['👎', '', '🔥🔥', 'fire', ' 🔥', '👍🏽', 'x'.repeat(33)])(
      'for the emoji "%s"',
      async (emoji) => {
        const api = await startApi()
        expectProblem(await api.as(ben).post(path, { emoji }), 422, 'validation_failed', ['emoji'])
      },
    )
  })

  owes429('POST', '/stories/:id/reactions', 'reactions', FIRE)
  owes503(
    'POST',
    '/stories/:id/reactions',
    (fail) => ({ stores: { reactions: { insertReactions: fail } } }),
    FIRE,
  )
})
