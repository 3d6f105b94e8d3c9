import { Type } from '@sinclair/typebox'
import { t } from 'elysia'
import { closed, Moment } from '../../http/schemas'

export const UploadRequest = closed({
  content_type: t.String({ maxLength: 100, errorText: 'must be a media type', examples: ['image/png'] }),
  size: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    errorText: 'must be a whole number of bytes, 1 or more',
    description: 'Bytes',
    examples: [70],
  }),
})

export const UploadAnswer = t.Object(
  {
    media_key: t.String(),
    upload: t.Object({
      method: t.Literal('PUT'),
      url: t.String({ description: 'Takes exactly this type and size, once' }),
      headers: t.Record(t.String(), t.String(), { description: 'To be sent with the upload as they are' }),
      expires_at: Moment,
    }),
  },
  { title: 'Upload' },
)

export type UploadAnswer = typeof UploadAnswer.static
