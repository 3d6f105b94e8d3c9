/** Sends a file straight to the object store, with progress; the service never sees its bytes. */
import type { Api } from './api.ts'
import type { Upload } from './api-types.ts'
import type { Call } from './http.ts'
import { ApiProblem } from './problem.ts'

type Options = {
  onProgress(share: number): void
  onCall?(call: Omit<Call, 'account'>): void
  signal: AbortSignal
}

/** The store's answer to a second write of the same object: the first one has arrived. */
const ALREADY_STORED = 412

/**
 * Asks for a place and puts the file there.
 *
 * @returns the media key for the story
 * @throws ApiProblem of the service when type or size are not welcome (before any byte is sent), `upload_failed` or
 *   `aborted`
 */
export async function uploadFile(api: Api, file: File, options: Options): Promise<string> {
  const place = await api.requestUpload({ content_type: file.type, size: file.size })
  if (options.signal.aborted) throw cancelled()
  await put(place, file, options)
  return place.media_key
}

function put({ upload }: Upload, file: File, options: Options): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const request = new XMLHttpRequest()
  const started = performance.now()
  const done = (status: number) => {
    options.onCall?.({
      method: upload.method,
      path: upload.url,
      status,
      ms: performance.now() - started,
      body: undefined,
      headers: upload.headers,
    })
  }
  request.open(upload.method, upload.url)
  for (const [name, value] of Object.entries(upload.headers)) request.setRequestHeader(name, value)
  request.upload.onprogress = (event) => options.onProgress(event.loaded / (event.total || file.size || 1))
  request.onload = () => {
    done(request.status)
    if (request.status < 300 || request.status === ALREADY_STORED) resolve()
    else
      reject(
        new ApiProblem(request.status, 'upload_failed', `The store refused the file (${request.status}).`),
      )
  }
  request.onerror = () => {
    done(0)
    reject(new ApiProblem(0, 'upload_failed', 'The upload was cut off. Your story is still here: try again.'))
  }
  request.onabort = () => reject(cancelled())
  options.signal.addEventListener('abort', () => request.abort())
  request.send(file)
  return promise
}

function cancelled(): ApiProblem {
  return new ApiProblem(0, 'aborted', 'The upload was cancelled.')
}
