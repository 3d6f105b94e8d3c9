import { describe, expect, test } from 'bun:test'
import { aMediaKey, aStory, type FoundStory } from '../support/builders'
import { ava, ben, cleo, dov, mod, type Person } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem, owes401, owes503, owesIdCheck } from './duties'

const apiWith = (story: FoundStory | null) =>
  startApi({
    stores: { stories: { findStory: async () => story } },
    objects: { urlFor: async (key) => `http://store.invalid/${key}?signed` },
  })

const read = async (person: Person, story: FoundStory) =>
  (await apiWith(story)).as(person).get(`/stories/${story.id}`)

describe('GET /stories/:id', () => {
  describe('200', () => {
    test('answers the whole story', async () => {
      const story = aStory({ views: 3, reactions: [0, 2, 0, 0, 0, 0], hasViewed: true, reaction: '❤️' })
      const answer = await read(ben, story)
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual({
        id: story.id,
        author_id: ava.id,
        author: { id: ava.id, handle: 'ava' },
        text: 'hello',
        media_key: null,
        media_url: null,
        media_type: null,
        visibility: 'public',
        created_at: '2026-03-04T12:00:00.000Z',
        expires_at: '2026-03-05T12:00:00.000Z',
        counters: { views: 3, reactions: { '👍': 0, '❤️': 2, '😂': 0, '😮': 0, '😢': 0, '🔥': 0 } },
        viewer: { has_viewed: true, reaction: '❤️' },
      })
    })
    test('gives a URL to read the media from', async () => {
      const mediaKey = aMediaKey()
      const answer = await read(cleo, aStory({ mediaKey, mediaType: 'image/png', text: null }))
      expect(answer.body).toMatchObject({ media_key: mediaKey, media_type: 'image/png', text: null })
      expect(answer.body.media_url).toBe(`http://store.invalid/${mediaKey}?signed`)
    })
    test('to a follower, when it is for friends', async () => {
      expect((await read(ben, aStory({ visibility: 'friends', isFriend: true }))).status).toBe(200)
    })
    test('to a person of its audience', async () => {
      const story = aStory({ visibility: 'friends', hasAudience: true, isInAudience: true })
      expect((await read(dov, story)).status).toBe(200)
    })
    test('to its author, when it is private', async () => {
      expect((await read(ava, aStory({ visibility: 'private' }))).status).toBe(200)
    })
    test('takes an id in capitals for the same', async () => {
      const story = aStory()
      const asked: string[] = []
      const { as } = await startApi({
        stores: {
          stories: {
            findStory: async (_, id) => {
              asked.push(id)
              return story
            },
          },
        },
      })
      expect((await as(ben).get(`/stories/${story.id.toUpperCase()}`)).status).toBe(200)
      expect(asked).toEqual([story.id])
    })
  })

  owes401('GET', '/stories/:id')

  describe('404', () => {
    const hidden: [string, Person, Partial<FoundStory>][] = [
      ['a stranger, when it is for friends', cleo, { visibility: 'friends' }],
      [
        'a follower who is not in its audience',
        ben,
        { visibility: 'friends', hasAudience: true, isFriend: true },
      ],
      ['anybody else, when it is private', ben, { visibility: 'private', isFriend: true }],
      ['an admin, who sees no more than others', mod, { visibility: 'private' }],
      ['anybody, when it was deleted', ben, { deletedAt: new Date(0) }],
      ['its author too, when its time is over', ava, { expiresAt: new Date('2026-03-04T12:00:00.000Z') }],
    ]
    test.each(hidden)('to %s', async (_, person, some) => {
      expectProblem(await read(person, aStory(some)), 404, 'not_found')
    })
    test('with the very words of a story that does not exist', async () => {
      const story = aStory({ visibility: 'private' })
      const path = `/stories/${story.id}`
      const { body: hiddenBody } = await (await apiWith(story)).as(ben).get(path, { 'x-request-id': 'same' })
      const { body: missingBody } = await (await apiWith(null)).as(ben).get(path, { 'x-request-id': 'same' })
      expect(hiddenBody).toEqual(missingBody)
    })
  })

  owesIdCheck('GET', '/stories/:id')
  owes503('GET', '/stories/:id', (fail) => ({ stores: { stories: { findStory: fail } } }))
})
