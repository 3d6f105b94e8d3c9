const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }

/** A JSON answer; `body` may be JSON text that is ready to send. */
export function json(
  status: number,
  body: object | string,
  headers?: Readonly<Record<string, string>>,
): Response {
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
    status,
    headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
  })
}

export const noContent = (): Response => new Response(null, { status: 204 })
