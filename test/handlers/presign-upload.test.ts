import { describe, expect, test } from 'bun:test'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import type { Preparation } from '../support/fake-context'
import { expectProblem, owes401, owes429, owes503, owesBodyChecks } from './duties'

const PNG = { content_type: 'image/png', size: 70 }

const preparation = (kept: object[] = []): Preparation => ({
  objects: {
    presignPut: async (key, contentType) => ({
      method: 'PUT',
      url: `http://store.invalid/media/${key}?signed`,
      headers: { 'Content-Type': contentType, 'If-None-Match': '*' },
      expires_at: '2026-03-04T12:05:00.000Z',
    }),
  },
  stores: { media: { insertUpload: async (row) => void kept.push(row) } },
})

describe('POST /media/uploads', () => {
  describe('201', () => {
    test('answers a key of the caller and where to put the bytes', async () => {
      const kept: object[] = []
      const api = await startApi(preparation(kept))
      const answer = await api.as(ava).post('/media/uploads', PNG)
      expect(answer.status).toBe(201)
      expect(String(answer.body.media_key)).toStartWith(`media/${ava.id}/`)
      expect(answer.body.upload).toEqual({
        method: 'PUT',
        url: `http://store.invalid/media/${answer.body.media_key}?signed`,
        headers: { 'Content-Type': 'image/png', 'If-None-Match': '*' },
        expires_at: '2026-03-04T12:05:00.000Z',
      })
      expect(kept).toEqual([
        {
          mediaKey: answer.body.media_key,
          userId: ava.id,
          contentType: 'image/png',
          sizeBytes: 70,
          createdAt: api.clock.now(),
        },
      ])
      expect(answer.headers.get('ratelimit-limit')).toBe('30')
    })
    test('notes the upload in the log without its signed URL', async () => {
      const api = await startApi(preparation())
      await api.as(ava).post('/media/uploads', PNG)
      expect(JSON.stringify([api.activity.calls, api.log.lines])).not.toContain('http://store')
      expect(api.activity.of('uploadPresigned')).toHaveLength(1)
    })
    test('up to the very limit', async () => {
      const { as } = await startApi({ ...preparation(), config: { mediaMaxBytes: 70 } })
      expect((await as(ava).post('/media/uploads', PNG)).status).toBe(201)
    })
  })

  owes401('POST', '/media/uploads', PNG)
  owesBodyChecks('/media/uploads', ['content_type', 'size'])

  describe('422', () => {
    test.each(['image/svg+xml', 'text/html', 'application/pdf', 'image/*', ''])(
      'for the type "%s"',
      async (type) => {
        const { as } = await startApi()
        const answer = await as(ava).post('/media/uploads', { ...PNG, content_type: type })
        expectProblem(answer, 422, 'media_type_not_allowed', ['content_type'])
      },
    )
    test('for one byte too many', async () => {
      const { as } = await startApi({ config: { mediaMaxBytes: 69 } })
      expectProblem(await as(ava).post('/media/uploads', PNG), 422, 'media_too_large', ['size'])
    })
    test.each([0, -1, 1.5, '70', null, 1e300])('for the size %p', async (size) => {
      const { as } = await startApi()
      const answer = await as(ava).post('/media/uploads', { ...PNG, size })
      expectProblem(answer, 422, 'validation_failed', ['size'])
    })
  })

  owes429('POST', '/media/uploads', 'uploads', PNG)
  owes503(
    'POST',
    '/media/uploads',
    (fail) => ({ objects: preparation().objects ?? {}, stores: { media: { insertUpload: fail } } }),
    PNG,
  )
})
