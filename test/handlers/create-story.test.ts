import { describe, expect, test } from 'bun:test'
import type { Stores } from '../../src/context'
import type { StoredAnswer } from '../../src/features/idempotency/store'
import type { NewStory } from '../../src/features/stories/store'
import { unavailable } from '../../src/kernel/errors'
import { anUpload, aUser, PNG_START } from '../support/builders'
import { ava, ben, dov } from '../support/cast'
import { startApi } from '../support/client'
import type { Preparation } from '../support/fake-context'
import { expectProblem, owes401, owes429, owesBodyChecks } from './duties'

const HELLO = { text: 'hello', visibility: 'public' }
type StoryDoubles = { saved: NewStory[]; audiences: (readonly string[])[]; preparation: Preparation }

/** Stores that take a story; what they took is in `saved` and `audiences`. */
function takingStories(some: Preparation['stores'] = {}): StoryDoubles {
  const saved: NewStory[] = []
  const audiences: (readonly string[])[] = []
  const stories: Partial<Stores['stories']> = {
    insertStory: async (story) => void saved.push(story),
    insertAudience: async (_, ids) => {
      audiences.push(ids)
      return true
    },
    findMissingUsers: async () => [],
    ...some.stories,
  }
  const accounts = { findUserById: async () => aUser() }
  return { saved, audiences, preparation: { stores: { accounts, ...some, stories } } }
}

describe('POST /stories', () => {
  describe('201', () => {
    test('answers the story and where it is', async () => {
      const { saved, preparation } = takingStories()
      const api = await startApi(preparation)
      const answer = await api.as(ava).post('/stories', { text: '  hello ', visibility: 'public' })
      expect(answer.status).toBe(201)
      expect(answer.body).toMatchObject({
        author_id: ava.id,
        author: { id: ava.id, handle: 'ava' },
        text: 'hello',
        media_url: null,
        created_at: '2026-03-04T12:00:00.000Z',
        expires_at: '2026-03-05T12:00:00.000Z',
        counters: { views: 0 },
        viewer: { has_viewed: false, reaction: null },
      })
      expect(answer.headers.get('location')).toBe(`/stories/${answer.body.id}`)
      expect(answer.headers.get('idempotent-replayed')).toBeNull()
      expect(answer.headers.get('ratelimit-remaining')).toBe('19')
      expect(saved).toHaveLength(1)
    })
    test('notes it and makes the author’s cached pages stale, once it is committed', async () => {
      const api = await startApi(takingStories().preparation)
      const { body } = await api.as(ava).post('/stories', HELLO)
      expect(api.activity.of('storyCreated')).toEqual([
        [{ requestId: expect.any(String), userId: ava.id }, expect.objectContaining({ id: body.id })],
      ])
      expect(api.pageVersions.of('renew')).toEqual([[[ava.id]]])
    })
    test('lives as long as the configuration says', async () => {
      const { preparation } = takingStories()
      const api = await startApi({ ...preparation, config: { storyTtlSeconds: 60 } })
      expect((await api.as(ava).post('/stories', HELLO)).body.expires_at).toBe('2026-03-04T12:01:00.000Z')
    })
    test('keeps an audience, each person once and never the author', async () => {
      const { saved, audiences, preparation } = takingStories()
      const api = await startApi(preparation)
      const ids = [dov.id, dov.id.toUpperCase(), ava.id, ben.id]
      const body = { text: 'for few', visibility: 'friends', audience_user_ids: ids }
      expect((await api.as(ava).post('/stories', body)).status).toBe(201)
      expect(audiences).toEqual([[dov.id, ben.id]])
      expect(saved[0]).toMatchObject({ hasAudience: true, visibility: 'friends' })
    })
    test('takes null for what is left out', async () => {
      const api = await startApi(takingStories().preparation)
      const body = { ...HELLO, media_key: null, audience_user_ids: null }
      expect((await api.as(ava).post('/stories', body)).status).toBe(201)
    })
    test('with media alone, claimed for the story', async () => {
      const upload = anUpload()
      const claims: unknown[][] = []
      const { preparation } = takingStories({
        media: {
          findUpload: async () => upload,
          claimUpload: async (...claim) => {
            claims.push(claim)
            return true
          },
        },
      })
      const api = await startApi({
        ...preparation,
        objects: {
          readStart: async () => ({ sizeBytes: 70, contentType: 'image/png', firstBytes: PNG_START }),
          urlFor: async (key) => `http://store.invalid/${key}`,
        },
      })
      const answer = await api.as(ava).post('/stories', { media_key: upload.mediaKey, visibility: 'public' })
      expect(answer.status).toBe(201)
      expect(answer.body).toMatchObject({ text: null, media_type: 'image/png', media_key: upload.mediaKey })
      expect(claims).toEqual([[upload.mediaKey, ava.id, String(answer.body.id)]])
    })
    test('again, byte for byte, for a key that was used before, without making another', async () => {
      const kept = new Map<string, StoredAnswer>()
      const { saved, preparation } = takingStories({
        idempotency: {
          findAnswer: async (userId, key) => kept.get(`${userId} ${key}`) ?? null,
          tryLock: async () => true,
          saveAnswer: async (userId, key, answer) => void kept.set(`${userId} ${key}`, answer),
        },
      })
      const api = await startApi(preparation)
      const headers = { 'idempotency-key': 'k1' }
      const first = await api.as(ava).post('/stories', HELLO, headers)
      const second = await api.as(ava).post('/stories', { visibility: 'public', text: 'hello' }, headers)
      expect([first.status, second.status]).toEqual([201, 201])
      expect(second.text).toBe(first.text)
      expect(second.headers.get('idempotent-replayed')).toBe('true')
      expect(second.headers.get('location')).toBe(first.headers.get('location'))
      expect(saved).toHaveLength(1)
      expect(api.buckets.taken).toHaveLength(2)
    })
  })

  owes401('POST', '/stories', HELLO)
  owesBodyChecks('/stories', ['visibility'])

  describe('401', () => {
    test('for an author who went away a moment ago', async () => {
      const api = await startApi({ stores: { accounts: { findUserById: async () => null } } })
      expectProblem(await api.as(ava).post('/stories', HELLO), 401, 'unauthenticated')
    })
  })

  describe('409', () => {
    test('while the first request with the same key is running', async () => {
      const { saved, preparation } = takingStories({
        idempotency: { findAnswer: async () => null, tryLock: async () => false },
      })
      const api = await startApi(preparation)
      const answer = await api.as(ava).post('/stories', HELLO, { 'idempotency-key': 'k1' })
      expectProblem(answer, 409, 'idempotency_in_progress')
      expect(saved).toEqual([])
    })
  })

  describe('422', () => {
    const bad: [string, object, string, string[]][] = [
      ['neither text nor media', { visibility: 'public' }, 'validation_failed', ['text', 'media_key']],
      [
        'nothing but spaces',
        { text: ' \n ', visibility: 'public' },
        'validation_failed',
        ['text', 'media_key'],
      ],
      ['501 characters', { ...HELLO, text: 'x'.repeat(501) }, 'validation_failed', ['text']],
      [
        '501 characters outside the basic plane',
        { ...HELLO, text: '😀'.repeat(501) },
        'validation_failed',
        ['text'],
      ],
      ['another visibility', { ...HELLO, visibility: 'secret' }, 'validation_failed', ['visibility']],
      ['a number as text', { ...HELLO, text: 5 }, 'validation_failed', ['text']],
      [
        'an empty audience',
        { ...HELLO, visibility: 'friends', audience_user_ids: [] },
        'validation_failed',
        ['audience_user_ids'],
      ],
      [
        'an audience that is no UUID',
        { ...HELLO, visibility: 'friends', audience_user_ids: ['dov'] },
        'validation_failed',
        ['audience_user_ids'],
      ],
      [
        'an audience of a public story',
        { ...HELLO, audience_user_ids: [dov.id] },
        'audience_not_allowed',
        ['audience_user_ids'],
      ],
      [
        'an audience of a private story',
        { ...HELLO, visibility: 'private', audience_user_ids: [dov.id] },
        'audience_not_allowed',
        ['audience_user_ids'],
      ],
    ]
    test.each(bad)('for %s', async (_, body, code, fields) => {
      const api = await startApi({ stores: { accounts: { findUserById: async () => aUser() } } })
      expectProblem(await api.as(ava).post('/stories', body), 422, code, fields)
    })
    test('for an audience of 501', async () => {
      const ids = Array.from({ length: 501 }, () => crypto.randomUUID())
      const api = await startApi()
      const body = { ...HELLO, visibility: 'friends', audience_user_ids: ids }
      expectProblem(await api.as(ava).post('/stories', body), 422, 'validation_failed', ['audience_user_ids'])
    })
    test('for an audience with an id of no user', async () => {
      const { preparation } = takingStories({ stories: { findMissingUsers: async (ids) => [...ids] } })
      const body = { ...HELLO, visibility: 'friends', audience_user_ids: [dov.id] }
      const answer = await (await startApi(preparation)).as(ava).post('/stories', body)
      expectProblem(answer, 422, 'unknown_user', ['audience_user_ids'])
    })
    test('for a user of the audience who went away meanwhile', async () => {
      const { preparation } = takingStories({ stories: { insertAudience: async () => false } })
      const body = { ...HELLO, visibility: 'friends', audience_user_ids: [dov.id] }
      const answer = await (await startApi(preparation)).as(ava).post('/stories', body)
      expectProblem(answer, 422, 'unknown_user', ['audience_user_ids'])
    })
    test('for a key used for another body', async () => {
      const other = { fingerprint: 'other', status: 201, location: null, body: '{}' }
      const api = await startApi({ stores: { idempotency: { findAnswer: async () => other } } })
      const answer = await api.as(ava).post('/stories', HELLO, { 'idempotency-key': 'k1' })
      expectProblem(answer, 422, 'idempotency_key_reused', ['Idempotency-Key'])
    })
    test.each(['', 'a b', 'é', 'x'.repeat(256)])('for the key "%s"', async (key) => {
      const api = await startApi()
      const answer = await api.as(ava).post('/stories', HELLO, { 'idempotency-key': key })
      expectProblem(answer, 422, 'validation_failed', ['Idempotency-Key'])
    })
  })

  owes429('POST', '/stories', 'stories', HELLO)

  describe('503', () => {
    test('while the database is down, and nothing is noted as created', async () => {
      const { preparation } = takingStories({ stories: { insertStory: () => Promise.reject(unavailable()) } })
      const api = await startApi(preparation)
      expectProblem(await api.as(ava).post('/stories', HELLO), 503, 'unavailable')
      expect(api.activity.calls).toEqual([])
      expect(api.pageVersions.calls).toEqual([])
    })
    test('with media, while the object store is down; text goes on', async () => {
      const upload = anUpload()
      const { preparation } = takingStories({ media: { findUpload: async () => upload } })
      const api = await startApi({
        ...preparation,
        objects: { readStart: () => Promise.reject(unavailable()) },
      })
      const withMedia = { media_key: upload.mediaKey, visibility: 'public' }
      expectProblem(await api.as(ava).post('/stories', withMedia), 503, 'unavailable')
      expect((await api.as(ava).post('/stories', HELLO)).status).toBe(201)
    })
  })
})
