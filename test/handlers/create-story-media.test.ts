import { describe, expect, test } from 'bun:test'
import type { Stores } from '../../src/context'
import type { ObjectStart } from '../../src/platform/object-store'
import { anUpload, aUser, PNG_START } from '../support/builders'
import { ava, ben } from '../support/cast'
import { startApi } from '../support/client'
import { expectProblem } from './duties'

const upload = anUpload()
const promised: ObjectStart = { sizeBytes: 70, contentType: 'image/png', firstBytes: PNG_START }

/** Posts a story with the upload, as it and its object are; removals are noted. */
async function post(
  media: Partial<Stores['media']>,
  object: ObjectStart | null = promised,
  key = upload.mediaKey,
) {
  const removed: string[] = []
  const api = await startApi({
    stores: {
      accounts: { findUserById: async () => aUser() },
      media,
      stories: { insertStory: async () => undefined },
    },
    objects: { readStart: async () => object, remove: async (name) => void removed.push(name) },
  })
  return {
    api,
    removed,
    answer: await api.as(ava).post('/stories', { media_key: key, visibility: 'public' }),
  }
}

describe('POST /stories with media: 422', () => {
  test.each(['picture.png', `media/${ava.id}/../${ben.id}/x`, 'media/1/2'])(
    'media_not_found for the key %s, which is not even looked up',
    async (key) => {
      expectProblem((await post({}, promised, key)).answer, 422, 'media_not_found', ['media_key'])
    },
  )
  const strange: [string, ReturnType<typeof anUpload> | null][] = [
    ['a key that nobody was given', null],
    ['a key of somebody else', anUpload({ userId: ben.id })],
    ['a key of a user who is gone', anUpload({ userId: null })],
    ['a key that is being removed', anUpload({ state: 'removing' })],
  ]
  test.each(strange)('media_not_found for %s', async (_, row) => {
    expectProblem((await post({ findUpload: async () => row })).answer, 422, 'media_not_found', ['media_key'])
  })
  test('media_already_used for a key that a story has', async () => {
    const { answer } = await post({ findUpload: async () => anUpload({ state: 'claimed' }) })
    expectProblem(answer, 422, 'media_already_used', ['media_key'])
  })
  test('media_already_used when another story was faster, and nothing is noted as created', async () => {
    const { answer, api } = await post({ findUpload: async () => upload, claimUpload: async () => false })
    expectProblem(answer, 422, 'media_already_used', ['media_key'])
    expect(api.activity.calls).toEqual([])
  })
  test('media_not_uploaded while the object is not there', async () => {
    const { answer } = await post({ findUpload: async () => upload }, null)
    expectProblem(answer, 422, 'media_not_uploaded', ['media_key'])
  })
  const wrong: [string, Partial<ObjectStart>][] = [
    ['another size', { sizeBytes: 71 }],
    ['another type', { contentType: 'image/gif' }],
    ['bytes of another kind', { firstBytes: new TextEncoder().encode('<html><script>') }],
    ['no bytes', { sizeBytes: 70, firstBytes: new Uint8Array() }],
  ]
  test.each(wrong)('media_content_mismatch for %s, and the object is removed', async (_, some) => {
    const { answer, removed } = await post(
      { findUpload: async () => upload, giveUpPending: async () => true },
      { ...promised, ...some },
    )
    expectProblem(answer, 422, 'media_content_mismatch', ['media_key'])
    expect(removed).toEqual([upload.mediaKey])
  })
  test('media_content_mismatch leaves alone an object that a story claimed meanwhile', async () => {
    const { removed } = await post(
      { findUpload: async () => upload, giveUpPending: async () => false },
      { ...promised, sizeBytes: 1 },
    )
    expect(removed).toEqual([])
  })
})
