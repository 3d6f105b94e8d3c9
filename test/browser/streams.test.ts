import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { makePerson } from './support/people.ts'
import { setStage, untilLive } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0', EVENTS_MAX_STREAMS_PER_USER: '2' })

/** The shortest wait before a stream is opened for the fourth time again; before the first time it is a quarter of it at most. */
const FOURTH_WAIT_MS_MIN = 1600

/** Opens a page whose first streams end as soon as they are there. @returns it, and when each stream was asked for */
async function visitWithShortStreams(count: number) {
  const person = await makePerson(stage.url(), 'crowded')
  const page = await stage.visit(person, { path: '/healthz' })
  const askedMs: number[] = []
  let told = Promise.withResolvers<void>()
  await page.route(/\/events\?/, async (route) => {
    askedMs.push(performance.now())
    told.resolve()
    told = Promise.withResolvers()
    if (askedMs.length > count) return route.continue()
    await route.fulfill({ contentType: 'text/event-stream', body: ': connected\n\n' })
  })
  const untilAsked = async (times: number) => {
    while (askedMs.length < times) await told.promise
  }
  return { person, page, askedMs, untilAsked }
}

describe('a stream that ends', () => {
  test('as soon as it is there is opened again later each time, as others hold the places', async () => {
    const { page, askedMs, untilAsked } = await visitWithShortStreams(4)
    await page.goto(stage.url())
    await untilAsked(5)
    expect((askedMs[4] ?? 0) - (askedMs[3] ?? 0)).toBeGreaterThanOrEqual(FOURTH_WAIT_MS_MIN - 50)
  })

  test('after it was there for a while is opened again at once', async () => {
    const { person, page, askedMs, untilAsked } = await visitWithShortStreams(3)
    await page.clock.install()
    await page.goto(stage.url())
    await untilAsked(4)
    await untilLive(page)
    await page.clock.fastForward(31_000)
    const headers = { Authorization: `Bearer ${person.session.access_token}` }
    const leaving = new AbortController()
    const endedMs = performance.now()
    for (let count = 0; count < 2; count += 1) {
      await fetch(`${stage.url()}/events`, { headers, signal: leaving.signal })
    }
    await untilAsked(5)
    leaving.abort()
    expect((askedMs[4] ?? 0) - endedMs).toBeLessThan(FOURTH_WAIT_MS_MIN)
  })
})

test('in a browser without locks, each of two tabs shows each event once', async () => {
  const [author, fan] = await Promise.all([makePerson(stage.url(), 'bare'), makePerson(stage.url(), 'fan')])
  const story = await author.post({ text: 'Seen in two tabs' })
  const first = await stage.visit(author, { path: '/healthz' })
  await first.context().addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
  })
  await first.goto(stage.url())
  const second = await stage.tab(first)
  const tabs: readonly Page[] = [first, second]
  await Promise.all(tabs.map(untilLive))
  await fan.call('POST', `/stories/${story.id}/view`)
  const rows = tabs.map((tab) => tab.getByRole('complementary', { name: 'Activity' }).getByRole('listitem'))
  await Promise.all(rows.map((row) => row.filter({ hasText: 'saw' }).first().waitFor()))
  await fan.call('POST', `/stories/${story.id}/reactions`, { emoji: '👍' })
  await Promise.all(rows.map((row) => row.filter({ hasText: 'reacted' }).first().waitFor()))
  for (const row of rows) expect(await row.filter({ hasText: 'saw' }).count()).toBe(1)
})
