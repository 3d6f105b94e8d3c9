import { expect, test } from 'bun:test'
import type { Api } from '../../web/api.ts'
import type { Upload } from '../../web/api-types.ts'
import { uploadFile } from '../../web/upload.ts'

test('a file that is removed while its place is asked for is not sent', async () => {
  const place = Promise.withResolvers<Upload>()
  const api = { requestUpload: () => place.promise } as unknown as Api
  const leaving = new AbortController()
  const file = new File(['picture'], 'a.png', { type: 'image/png' })
  const sent = uploadFile(api, file, { onProgress: () => undefined, signal: leaving.signal })
  leaving.abort()
  place.resolve({ media_key: 'a', upload: { method: 'PUT', url: '', headers: {} } } as unknown as Upload)
  expect(await sent.catch((error) => error.code)).toBe('aborted')
})
