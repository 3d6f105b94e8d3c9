const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }

/** A JSON answer; `body` may be JSON that is ready to send, as text or as bytes. */
export function json(
  status: number,
  body: object | string,
  headers?: Readonly<Record<string, string>>,
): Response {
  const isReady = typeof body === 'string' || body instanceof Uint8Array
  return new Response(isReady ? (body as BodyInit) : JSON.stringify(body), {
    status,
    headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
  })
}

export const noContent = (): Response => new Response(null, { status: 204 })
