/** One request, timed, that never throws: a status, or 0 with what the network said. */

import type { Person } from './people.ts'

export type Answer = Readonly<{
  status: number
  ms: number
  body: Record<string, unknown>
  headers: Headers
  error: string | null
}>

export type CallOptions = Readonly<{
  body?: object
  key?: string
  timeoutMs?: number
  headers?: Readonly<Record<string, string>>
}>

export async function call(
  url: string,
  person: Person | null,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const startedMs = performance.now()
  const took = () => performance.now() - startedMs
  try {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(person === null ? {} : { Authorization: `Bearer ${person.token}` }),
        ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(options.key === undefined ? {} : { 'Idempotency-Key': options.key }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: AbortSignal.timeout(options.timeoutMs ?? 15_000),
    })
    const text = await response.text()
    return { status: response.status, ms: took(), body: parse(text), headers: response.headers, error: null }
  } catch (error) {
    return { status: 0, ms: took(), body: {}, headers: new Headers(), error: String(error) }
  }
}

const parse = (text: string): Record<string, unknown> => {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return { text }
  }
}
