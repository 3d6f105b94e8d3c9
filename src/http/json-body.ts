import { AppError, invalidField } from '../kernel/errors'
import { isStorableText } from '../kernel/text'

/** Reads a JSON body in bounded memory and time, before anything else is done with a request. */

export const BODY_BYTES_MAX = 64 * 1024
/** Less than a process that ends has left when it takes its last request, so that a slow sender is answered, too. */
const BODY_DEADLINE_MS = 3500
const DEPTH_MAX = 16

const tooLarge = () =>
  new AppError('payload_too_large', `A body may have ${BODY_BYTES_MAX} bytes at most.`, {
    headers: { Connection: 'close' },
  })
const malformed = (cause?: unknown) =>
  new AppError('malformed_json', 'The body is not valid JSON in UTF-8.', { cause })
const tooSlow = () =>
  new AppError('request_timeout', 'The body did not arrive in time.', { headers: { Connection: 'close' } })

/**
 * What a body says; whether it may is for `checkContent`.
 *
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `request_timeout`, `malformed_json`
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  if (!isJson(request.headers.get('content-type'))) {
    throw new AppError('unsupported_media_type', 'The body must be application/json in UTF-8.')
  }
  // Twice the same length, which the server takes, is no number here.
  if (!(Number(request.headers.get('content-length') ?? 0) <= BODY_BYTES_MAX)) throw tooLarge()
  const text = decode(await readBytes(request))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw malformed(error)
  }
}

/** `application/json`, with no other charset than UTF-8 (RFC 8259, section 8.1). */
function isJson(contentType: string | null): boolean {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const charset = parameters.map((item) => item.trim()).find((item) => item.startsWith('charset='))
  return type.trim() === 'application/json' && (charset === undefined || /^charset="?utf-8"?$/.test(charset))
}

async function readBytes(request: Request): Promise<Uint8Array> {
  let timer: Timer | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), BODY_DEADLINE_MS)
  })
  try {
    // The server holds a body to its announced length, and a stream would set aside a hundred times that for a small one.
    if (request.headers.has('content-length')) return await Promise.race([request.bytes(), deadline])
    return await readStream(request.body, deadline)
  } catch (error) {
    throw error instanceof AppError ? error : malformed(error)
  } finally {
    clearTimeout(timer)
  }
}

async function readStream(
  body: ReadableStream<Uint8Array> | null,
  deadline: Promise<never>,
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), deadline])
      if (done) return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
      size += value.byteLength
      if (size > BODY_BYTES_MAX) throw tooLarge()
      chunks.push(value)
    }
  } catch (error) {
    reader.cancel().catch(() => undefined)
    throw error
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw malformed(error)
  }
}

/**
 * No text that cannot be stored, and no nesting that could exhaust whoever walks along it.
 *
 * @param field the dotted name of the value in its body
 * @throws AppError `validation_failed`
 */
export function checkContent(value: unknown, field = '', depth = 0): void {
  if (depth > DEPTH_MAX) throw invalidField('body', 'is nested too deeply')
  if (typeof value === 'string') {
    if (!isStorableText(value)) throw invalidField(field || 'body', 'has a character that cannot be stored')
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    if (!isStorableText(key)) throw invalidField(field || 'body', 'has a field name that cannot be stored')
    checkContent(item, field === '' ? key : `${field}.${key}`, depth + 1)
  }
}
