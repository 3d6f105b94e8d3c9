/** Calls of the service as a client makes them, in-process or over a real socket, with answers that are easy to check. */

export type Answer = Readonly<{
  status: number
  headers: Headers
  text: string
  /** The JSON body of an answer that has the expected status. */
  as<T>(status?: number): T
  /** The `code` of a problem document, or null. */
  code: string | null
}>

export type CallOptions = Readonly<{
  token?: string | undefined
  body?: unknown
  headers?: Readonly<Record<string, string>>
}>

export type Api = Readonly<{
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
}>

/** @param send takes a request to the service, wherever that is */
export function createApi(send: (request: Request) => Promise<Response>, baseUrl = 'http://localhost'): Api {
  return {
    async call(method, path, { token, body, headers } = {}) {
      const request = new Request(`${baseUrl}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      return readAnswer(`${method} ${path}`, await send(request))
    },
  }
}

/** Over real sockets; each request has a connection of its own, so that a restarted server is no surprise. */
export const createRemoteApi = (baseUrl: string): Api =>
  createApi((request) => fetch(request, { keepalive: false, signal: AbortSignal.timeout(20_000) }), baseUrl)

async function readAnswer(what: string, response: Response): Promise<Answer> {
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    as<T>(status = 200): T {
      if (response.status !== status)
        throw new Error(`${what}: ${response.status} instead of ${status}: ${text}`)
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
    code: problemCode(text),
  }
}

function problemCode(text: string): string | null {
  if (!text.startsWith('{')) return null
  const body: unknown = JSON.parse(text)
  return typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : null
}
