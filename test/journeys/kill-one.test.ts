import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import { apiOf, type Composed, startComposed } from '../support/composed'
import { STACK_START_MS_MAX, TEST_MS_MAX } from '../support/context'
import { type Person, signUp } from '../support/people'
import { startApi } from '../support/processes'
import { type EventReader, readEvents } from '../support/read-stream'
import { until } from '../support/until'

/** One API process is killed without a warning: everything goes on at the other one, and nothing is lost. */

let composed: Composed
let ava: Person
let ben: Person
const readers: EventReader[] = []

setDefaultTimeout(TEST_MS_MAX)

beforeAll(async () => {
  composed = await startComposed({})
  const api = apiOf(composed.apis[1])
  ava = await signUp(api, 'ava')
  ben = await signUp(api, 'ben')
}, STACK_START_MS_MAX)

afterAll(async () => {
  for (const reader of readers) await reader.close()
  await composed?.stop()
}, TEST_MS_MAX)

test('streams of a killed process resume at the other one without losing or repeating an event', async () => {
  const [doomed, other] = composed.apis
  const story = await ava.tell({})
  for (let i = 0; i < 3; i++) readers.push(await readEvents(doomed.url, { token: ava.token }))
  const emoji = ['👍', '🔥', '😂', '😢', '😮', '❤️']
  const react = (i: number) => ben.post(`/stories/${story.id}/reactions`, { emoji: emoji[i % emoji.length] })
  for (let i = 0; i < 5; i++) await react(i)
  for (const reader of readers) await reader.until('some events', () => reader.events().length >= 2)
  const dying = doomed.kill('SIGKILL')
  for (let i = 5; i < 20; i++) await react(i)
  expect(await dying).toBeGreaterThanOrEqual(128)
  for (const reader of [...readers]) {
    await reader.ended()
    const resumed = await readEvents(other.url, { token: ava.token, lastEventId: reader.lastId() })
    readers.push(resumed)
    const seen = () =>
      [...reader.events(), ...resumed.events()].map(({ data }) => JSON.parse(data ?? '').emoji)
    await resumed.until('all events', () => seen().length >= 20)
    expect(seen()).toEqual(Array.from({ length: 20 }, (_, i) => emoji[i % emoji.length]))
  }
  // The places of streams that died with their process do not keep new ones out.
  for (let i = 0; i < 7; i++) readers.push(await readEvents(other.url, { token: ava.token }))
  expect(readers.slice(3).every((reader) => !reader.hasEnded())).toBe(true)
})

test('a keyed post that was cut off by the kill can be sent again, and makes one story', async () => {
  const before = await ben.all<Story>('/me/stories')
  const key = { 'Idempotency-Key': 'cut-off' }
  const body = { text: 'exactly once', visibility: 'public' }
  const third = await startApi(composed.env)
  const { sql } = composed.database
  await sql.begin(async (lock) => {
    // What the post ends with has to wait, so the kill meets it half-way.
    await lock`lock table idempotency_keys in share row exclusive mode`
    const post = ben
      .at(apiOf(third))
      .post('/stories', body, key)
      .catch(() => null)
    await until('the post to be half-way', async () => {
      const waiting = await sql`
        select 1 from pg_locks l where not granted and relation = 'idempotency_keys'::regclass`
      return waiting.length > 0
    })
    await third.kill('SIGKILL')
    expect(await post).toBeNull()
  })
  let again = await ben.post('/stories', body, key)
  // PostgreSQL notices a while later that the other end of the first one has gone.
  await until('the first one to be given up', async () => {
    if (again.code === 'idempotency_in_progress') again = await ben.post('/stories', body, key)
    return again.code !== 'idempotency_in_progress'
  })
  again.as<Story>(201)
  const after = await ben.all<Story>('/me/stories')
  expect(after.length - before.length).toBe(1)
  expect(after[0]?.id).toBe(again.as<Story>(201).id)
})
