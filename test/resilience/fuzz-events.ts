/** GET /events with hostile positions and tokens: streams never end, so schemathesis cannot look at them; this does. */

import { call } from './support/calls.ts'
import { readEvents } from './support/events.ts'
import type { Person } from './support/people.ts'
import { secondsUntil } from './support/stage.ts'

const HEX = '0123456789abcdef'
const random = (max: number) => Math.floor(Math.random() * max)
const text = (alphabet: string, length: number) =>
  Array.from({ length }, () => alphabet[random(alphabet.length)]).join('')
const VISIBLE = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).join('')

/** Ids that nobody was given: near misses, numbers out of range, other tongues, other people's syntax. */
function hostileIds(count: number): string[] {
  const made = Array.from({ length: count }, (_, at) =>
    at % 2 === 0
      ? `${text(HEX, 16)}-${text(HEX, 16)}-${text(HEX, 8)}`
      : text(VISIBLE, 1 + random(at % 10 === 1 ? 2000 : 60)),
  )
  return [
    '0',
    '-1',
    'null',
    `${'f'.repeat(16)}-${'f'.repeat(16)}-${'f'.repeat(8)}`,
    `${'0'.repeat(16)}-${'0'.repeat(16)}-${'0'.repeat(8)}`,
    `${'f'.repeat(17)}-${'0'.repeat(15)}-${'0'.repeat(8)}`,
    "1' or '1'='1",
    '../../etc/passwd',
    '%00%0d%0aid: 1',
    'id: 1\\r\\n\\r\\n',
    ...made,
  ]
}

/**
 * Sends each value as a header and in the query. What may come back: a stream that begins with a position, or a problem
 * document of a status that is in the OpenAPI document.
 *
 * @returns what came back otherwise
 */
export async function fuzzEvents(url: string, person: Person, count: number): Promise<string[]> {
  const document = (await (await fetch(`${url}/docs/json`)).json()) as {
    paths: Record<string, { get: { responses: Record<string, unknown> } }>
  }
  const documented = Object.keys(document.paths['/events']?.get.responses ?? {})
  const odd: string[] = []
  const isRefusal = (answer: { status: number; headers: Headers }) =>
    answer.status >= 400 &&
    answer.status < 500 &&
    documented.includes(String(answer.status)) &&
    answer.headers.get('content-type') === 'application/problem+json'
  for (const value of hostileIds(count)) {
    const stream = readEvents(url, person, value)
    const seconds = await secondsUntil(async () => stream.isOpen(), 5)
    const names = stream.received().map(({ event }) => event)
    if (seconds > 5 || names.some((name) => name !== 'stream.reset'))
      odd.push(`header ${value}: ${names.join()}`)
    stream.close()
    await stream.ended
    const query = `/events?last_event_id=${encodeURIComponent(value)}&access_token=`
    const refused = await call(url, null, 'GET', query + encodeURIComponent(value), { timeoutMs: 5000 })
    if (!isRefusal(refused)) odd.push(`token ${value}: ${refused.status} ${JSON.stringify(refused.body)}`)
  }
  const huge = await call(url, person, 'GET', `/events?last_event_id=${'a'.repeat(5000)}`, {
    timeoutMs: 5000,
  })
  if (huge.status !== 414) odd.push(`a URL of 5,000 characters: ${huge.status}`)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']) {
    const answer = await call(url, person, method, '/events', { timeoutMs: 5000 })
    if (answer.status !== 405) odd.push(`${method}: ${answer.status}`)
  }
  return odd
}
