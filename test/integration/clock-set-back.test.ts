import { describe, expect, test } from 'bun:test'
import { expireStories } from '../../src/features/expiry/expire-stories'
import type { Story } from '../../src/features/stories/schema'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { type Person, signUp } from '../support/people'
import { type EventReader, readEvents } from '../support/read-stream'
import { createSteeredClock, HOUR, MINUTE } from '../support/steered-clock'

/**
 * The clock of one process is set back by an hour, while that of the other one is right. Order and uniqueness of events
 * are the database's, what was ended stays ended, and a cache is never older than it may be.
 */

const stage = useStage()

/** Two processes that share their stores; the clock of the first can be set back. */
function twoInstances(some: Record<string, string> = {}) {
  const clock = createSteeredClock()
  const right = createSteeredClock(clock.now())
  const env = { STORY_TTL_SECONDS: String((6 * HOUR) / 1000), ...some }
  return {
    first: stage.instance({ clock, env }),
    second: stage.instance({ clock: right, env }),
    clock,
    right,
  }
}
const feedOf = async (person: Person) =>
  (await person.get('/feed')).as<{ items: Story[] }>().items.map(({ id }) => id)
const viewers = (reader: EventReader) =>
  reader.events().map(({ data }) => String(JSON.parse(data ?? '').viewer_id))

describe('events', () => {
  test('come once and in order to streams from before and after, and to those that resume on either side', async () => {
    const { first, second, clock } = twoInstances()
    const [ava] = await cast(first, 'ava')
    const story = await ava.tell({})
    const crowd = await makeCrowd(first, 30)
    const urls = [first.listen(), second.listen()] as const
    const open = (at: 0 | 1, lastEventId: string | null = null) =>
      readEvents(urls[at], { token: ava.token, lastEventId })
    const before = [await open(0), await open(1)]
    const viewAll = (from: number, to: number) =>
      Promise.all(
        crowd
          .slice(from, to)
          .map((person, at) =>
            person.at([first, second][at % 2]?.api ?? first.api).post(`/stories/${story.id}/view`),
          ),
      )
    await viewAll(0, 10)
    clock.advanceMs(-HOUR)
    const after = [await open(0), await open(1)]
    const flowing = viewAll(10, 30)
    // Comes back in the middle, on the side with the other clock.
    for (const reader of before) await reader.until('the first ten', () => viewers(reader).length >= 10)
    const middle = before[0]?.events()[4]?.id ?? null
    const resumed = [await open(0, middle), await open(1, middle)]
    await flowing
    const all = [...before, ...resumed, ...after]
    const expected = [30, 30, 25, 25, 20, 20]
    for (const [at, reader] of all.entries())
      await reader.until(`${expected[at]} events`, () => viewers(reader).length >= (expected[at] ?? 0))
    const order = viewers(before[0] as EventReader)
    expect(new Set(order).size).toBe(30)
    for (const [at, reader] of all.entries()) {
      expect(viewers(reader)).toEqual(order.slice(30 - (expected[at] ?? 0)))
      const ids = reader.events().map(({ id }) => id ?? '')
      expect(ids).toEqual(ids.toSorted())
      expect(reader.hasEnded()).toBe(false)
      await reader.close()
    }
  })

  test('an id from after the change is good before it, and the other way round', async () => {
    const { first, second, clock } = twoInstances()
    const [ava, ben] = await cast(first, 'ava', 'ben')
    const story = await ava.tell({})
    clock.advanceMs(-HOUR)
    const urls = [first.listen(), second.listen()] as const
    const early = await readEvents(urls[0], { token: ava.token })
    const late = await readEvents(urls[1], { token: ava.token })
    const ids = [early.lastId(), late.lastId()]
    await Promise.all([early.close(), late.close()])
    await ben.post(`/stories/${story.id}/view`)
    for (const url of urls)
      for (const lastEventId of ids) {
        const reader = await readEvents(url, { token: ava.token, lastEventId })
        await reader.until('the event', () => reader.events().length === 1)
        expect(reader.events()[0]?.event).toBe('story.viewed')
        await reader.close()
      }
  })

  test('a stream opened after the change is the newest: it is not the one that is ended for being one too many', async () => {
    const { first, second, clock } = twoInstances({ EVENTS_MAX_STREAMS_PER_USER: '3' })
    const [ava] = await cast(first, 'ava')
    const [here, there] = [first.listen(), second.listen()]
    const readers: EventReader[] = []
    for (let i = 0; i < 3; i++) readers.push(await readEvents(there, { token: ava.token }))
    clock.advanceMs(-HOUR)
    for (let i = 0; i < 2; i++) readers.push(await readEvents(here, { token: ava.token }))
    for (const oldest of readers.slice(0, 2)) await oldest.ended()
    expect(readers.slice(2).map((reader) => reader.hasEnded())).toEqual([false, false, false])
    for (const reader of readers) await reader.close()
  })
})

describe('what was ended stays ended', () => {
  test('a story that the worker ended does not come back on any page, warm ones included', async () => {
    const { first, second, clock, right } = twoInstances()
    const [ava, ben] = await cast(first, 'ava', 'ben')
    const story = await ava.tell({ text: 'gone for good' })
    clock.advanceMs(6 * HOUR - 10_000)
    right.set(clock.now())
    // Kept while it was there: this page would show it again to whoever believes the old time.
    expect(await feedOf(ben)).toContain(story.id)
    right.advanceMs(MINUTE)
    expect((await expireStories(second.ctx)).count).toBeGreaterThan(0)
    clock.advanceMs(-HOUR)
    for (const person of [ben, ava, ben.at(second.api)]) {
      expect(await feedOf(person)).not.toContain(story.id)
      expect((await person.get(`/stories/${story.id}`)).status).toBe(404)
      expect((await person.get('/search?q=gone')).as<{ items: Story[] }>().items).toEqual([])
    }
    expect((await ben.post(`/stories/${story.id}/view`)).status).toBe(404)
    // A worker with the old time ends nothing a second time, and nothing too early.
    const later = await ava.tell({ text: 'made in the old hour' })
    expect((await expireStories(first.ctx)).count).toBe(0)
    expect((await ben.get(`/stories/${later.id}`)).status).toBe(200)
  })

  test('a story deleted by the process with the old time stays off warm pages, whatever others delete', async () => {
    const { first, second, clock } = twoInstances()
    const [ava, ben] = await cast(first, 'ava', 'ben')
    const [one, two] = [await ava.tell({}), await ava.tell({})]
    clock.advanceMs(-HOUR)
    const there = ben.at(second.api)
    expect(await feedOf(there)).toContain(one.id)
    await ava.delete(`/stories/${one.id}`)
    await ava.at(second.api).delete(`/stories/${two.id}`)
    for (const person of [there, ben]) {
      const ids = await feedOf(person)
      expect(ids).not.toContain(one.id)
      expect(ids).not.toContain(two.id)
    }
  })
})

test('a page from before the change is not kept for an hour: what is new shows', async () => {
  const clock = createSteeredClock()
  const instance = stage.instance({ clock })
  const [ava, ben] = await cast(instance, 'ava', 'ben')
  const before = await feedOf(ben)
  expect(await feedOf(ben)).toEqual(before)
  clock.advanceMs(-HOUR)
  const story = await ava.tell({})
  expect(await feedOf(ben)).toContain(story.id)
})

test('tokens, keys and sessions from before the change go on', async () => {
  const { first, second, clock } = twoInstances()
  const ava = await signUp(first.api, 'ava')
  const key = { 'Idempotency-Key': 'over-the-change' }
  const body = { text: 'once', visibility: 'public' }
  const made = (await ava.post('/stories', body, key)).as<Story>(201)
  clock.advanceMs(-HOUR)
  const again = await ava.post('/stories', body, key)
  expect(again.headers.get('idempotent-replayed')).toBe('true')
  expect(again.as<Story>(201).id).toBe(made.id)
  expect((await ava.at(second.api).post('/stories', body, key)).as<Story>(201).id).toBe(made.id)
  const session = await ava.post('/auth/refresh', { refresh_token: ava.refreshToken })
  const { access_token: token } = session.as<{ access_token: string }>()
  expect((await ava.with(token).get('/me')).status).toBe(200)
  expect((await ava.with(token).at(second.api).get('/me')).status).toBe(200)
})
