import { buildApp } from '../../src/app'
import type { Pages } from '../../src/http/gateway'
import type { Person } from './cast'
import { type FakeContext, fakeContext, type Preparation } from './fake-context'
import { checkAnswer, type JsonObject } from './openapi'

/** The API in this process on doubles, and people who call it: `as(ava).post('/stories', body)`. */

export type Answer = Readonly<{
  status: number
  headers: Headers
  text: string
  /** The JSON body; an empty object when the answer has none. */
  body: JsonObject
}>

type Headers_ = Readonly<Record<string, string>>

export type Caller = Readonly<{
  get(path: string, headers?: Headers_): Promise<Answer>
  post(path: string, body?: unknown, headers?: Headers_): Promise<Answer>
  delete(path: string, headers?: Headers_): Promise<Answer>
  send(method: string, path: string, init?: RequestInit): Promise<Answer>
}>

export type Api = FakeContext &
  Readonly<{
    as(person: Person): Caller
    /** Without a token. */
    anonymous: Caller
    /** The answer as it is, unread and unchecked. */
    fetch(method: string, path: string, init?: RequestInit): Promise<Response>
    tokenOf(person: Person): string
    /** How often the server's idle time-out was lifted. */
    keptOpen(): number
  }>

/**
 * Every answer is held against the OpenAPI document, and fails the test when something that was not prepared was
 * used on the way, or a bug was noted.
 *
 * @param preparation what the doubles answer
 */
export async function startApi(preparation: Preparation = {}, pages: readonly Pages[] = []): Promise<Api> {
  const fakes = fakeContext(preparation)
  const gateway = buildApp(fakes.ctx, pages)
  const tokenOf = (person: Person) => fakes.ctx.tokens.sign(person.id)
  let keptOpen = 0
  const connection = { address: '203.0.113.9', keepOpen: () => void keptOpen++ }
  const fetch = async (method: string, path: string, init: RequestInit = {}) =>
    gateway.handle(new Request(`http://localhost${path}`, { ...init, method }), connection)

  const callerWith = (authorization: () => Headers_): Caller => {
    const send = async (method: string, path: string, init: RequestInit = {}): Promise<Answer> => {
      const headers = { ...authorization(), ...Object.fromEntries(new Headers(init.headers)) }
      const response = await fetch(method, path, { ...init, headers })
      const text = await response.text()
      if (fakes.misses[0] !== undefined) throw fakes.misses[0]
      if (response.status === 500) throw fakes.log.errors[0] ?? new Error(text)
      if (['GET', 'POST', 'DELETE'].includes(method)) {
        checkAnswer(method, path.split('?')[0] ?? '', response, text)
      }
      const isJson = response.headers.get('content-type')?.includes('json') === true
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson && text !== '' ? JSON.parse(text) : {},
      }
    }
    return {
      send,
      get: (path, headers = {}) => send('GET', path, { headers }),
      delete: (path, headers = {}) => send('DELETE', path, { headers }),
      post: (path, body, headers = {}) => {
        const json = { 'content-type': 'application/json', ...headers }
        return send(
          'POST',
          path,
          body === undefined ? { headers } : { headers: json, body: JSON.stringify(body) },
        )
      },
    }
  }
  return {
    ...fakes,
    as: (person) => callerWith(() => ({ authorization: `Bearer ${tokenOf(person)}` })),
    anonymous: callerWith(() => ({})),
    fetch,
    tokenOf,
    keptOpen: () => keptOpen,
  }
}
