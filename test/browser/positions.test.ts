import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { makePerson } from './support/people.ts'
import { setStage, untilPlaced } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

type Frame = readonly [event: string, place: number]

/** An id as the service writes them, by its place in their order. */
const idAt = (place: number): string => `${place.toString(16).padStart(16, '0')}-${'0'.repeat(16)}-6a000000`

/**
 * Opens the page of somebody whose streams bring these frames and end, one after the other.
 *
 * @returns the page, and the address of each stream up to the one after the last
 */
async function visitWithStreams(...streams: readonly (readonly Frame[])[]) {
  const author = await makePerson(stage.url(), 'placed')
  const story = await author.post({ text: 'Seen by the book' })
  const viewed = { story_id: story.id, viewer_id: author.session.user.id, viewed_at: story.created_at }
  const page = await stage.visit(author, { path: '/healthz' })
  const asked: URLSearchParams[] = []
  const all = Promise.withResolvers<void>()
  await page.route(/\/events\?/, async (route) => {
    const frames = streams[asked.length]
    asked.push(new URL(route.request().url()).searchParams)
    if (!frames) {
      all.resolve()
      return route.abort()
    }
    const texts = frames.map(([event, place]) => {
      const data = event === 'story.viewed' ? viewed : {}
      return `id: ${idAt(place)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    })
    await route.fulfill({ contentType: 'text/event-stream', body: texts.join('') })
  })
  await page.goto(stage.url())
  await all.promise
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  return { page, asked }
}

const resumedFrom = (asked: readonly URLSearchParams[]) => asked.map((query) => query.get('last_event_id'))

const rowsOf = (page: Page) => page.getByRole('complementary', { name: 'Activity' }).getByRole('listitem')

describe('where the stream resumes', () => {
  test('is told by the service before any event, and again before it is too old', async () => {
    const person = await makePerson(stage.url(), 'quiet')
    const page = await stage.visit(person)
    const told = await untilPlaced(page, person)
    const anHourAgo = Math.floor(Date.now() / 1000 - 3600)
    const old = told.replace(/[^-]*$/, anHourAgo.toString(16))
    await page.evaluate(([name, id]) => localStorage.setItem(name, JSON.stringify(id)), [
      `stories.position.${person.session.user.id}`,
      old,
    ] as const)
    await page.context().setOffline(true)
    await page.locator('.live[data-state="offline"]').first().waitFor({ state: 'attached' })
    await page.context().setOffline(false)
    await untilPlaced(page, person, old)
    expect(await rowsOf(page).count()).toBe(0)
  })

  test('is the position that came without an event', async () => {
    const { asked } = await visitWithStreams([['stream.position', 5]])
    expect(asked.map((query) => query.get('positions'))).toEqual(['true', 'true'])
    expect(resumedFrom(asked)).toEqual([null, idAt(5)])
  })

  test('never goes back: a late event is told and a late position passed over', async () => {
    const { page, asked } = await visitWithStreams(
      [
        ['story.viewed', 7],
        ['story.viewed', 6],
        ['stream.position', 5],
      ],
      [['story.viewed', 7]],
    )
    expect(resumedFrom(asked)).toEqual([null, idAt(7), idAt(7)])
    expect(await rowsOf(page).count()).toBe(2)
  })

  test('is what a reset says, even if that lies before', async () => {
    const { asked } = await visitWithStreams(
      [['story.viewed', 7]],
      [['stream.reset', 3]],
      [['stream.position', 4]],
    )
    expect(resumedFrom(asked)).toEqual([null, idAt(7), idAt(3), idAt(4)])
  })
})
