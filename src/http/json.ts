import { infoOf } from './request-info'
import { API_HEADERS } from './security-headers'

/** What every answer needs, with the id of the one that is being made: copied together they cost a fraction of setting each. */
const JSON_HEADERS = new Headers({
  ...API_HEADERS,
  Vary: 'Origin',
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
})

/** A JSON answer to that request; `body` may be JSON that is ready to send, as text or as bytes. */
export function json(
  request: Request,
  status: number,
  body: object | string,
  headers?: Readonly<Record<string, string>>,
): Response {
  const info = infoOf(request)
  JSON_HEADERS.set('X-Request-Id', info.id)
  const isReady = typeof body === 'string' || body instanceof Uint8Array
  const response = new Response(isReady ? (body as BodyInit) : JSON.stringify(body), {
    status,
    headers: JSON_HEADERS,
  })
  for (const name in headers) response.headers.set(name, headers[name] ?? '')
  info.complete = response
  return response
}

export const noContent = (): Response => new Response(null, { status: 204 })
