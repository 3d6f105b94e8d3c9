import type { UploadAnswer } from '../../src/features/media/schema'
import type { Person } from './people'

/** A whole PNG of one pixel. */
export const PNG = Uint8Array.from(
  atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='),
  (char) => char.charCodeAt(0),
)

/** Where and how the service wants a body of this type and size. */
export async function askForUpload(person: Person, contentType: string, size: number): Promise<UploadAnswer> {
  return (await person.post('/media/uploads', { content_type: contentType, size })).as<UploadAnswer>(201)
}

/** Sends bytes to the object store as a browser does; other headers replace those that were asked for. */
export async function put(
  { upload }: UploadAnswer,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = upload.headers,
): Promise<number> {
  const response = await fetch(upload.url, { method: upload.method, headers, body: bytes })
  await response.text()
  return response.status
}

/** An uploaded object that no story has claimed yet; its key. */
export async function uploadMedia(
  person: Person,
  bytes: Uint8Array<ArrayBuffer> = PNG,
  contentType = 'image/png',
): Promise<string> {
  const asked = await askForUpload(person, contentType, bytes.length)
  const status = await put(asked, bytes)
  if (status !== 200) throw new Error(`The object store answered ${status}`)
  return asked.media_key
}
