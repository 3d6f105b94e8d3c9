import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { makePerson, PASSWORD } from './support/people.ts'
import { setStage, untilLive, untilPlaced } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

/** Counts the event streams that a page opens as an EventSource. */
function countStreams(page: Page): () => number {
  let count = 0
  page.on('request', (request) => {
    if (request.resourceType() === 'eventsource') count += 1
  })
  return () => count
}

describe('live events between two browsers', () => {
  test('a view, a reaction and a changed reaction reach the author at once', async () => {
    const [author, fan] = await Promise.all([
      makePerson(stage.url(), 'author'),
      makePerson(stage.url(), 'fan'),
    ])
    const story = await author.post({ text: `Look at this ${author.handle}` })
    const page = await stage.visit(author)
    await untilLive(page)
    const other = await stage.visit(fan, { path: `/#story/${story.id}` })
    await other.getByRole('dialog').getByText(`Look at this ${author.handle}`).first().waitFor()
    const activity = page.getByRole('complementary', { name: 'Activity' })
    await activity.getByText(`@${fan.handle} saw your story`).waitFor()

    await other.getByRole('button', { name: 'Pause' }).click()
    await other.getByRole('button', { name: 'Love' }).click()
    await activity.getByText(`@${fan.handle} reacted ❤️`).waitFor()
    await other.getByRole('button', { name: 'Fire' }).click()
    await activity.getByText(`@${fan.handle} reacted 🔥`).waitFor()
    await page.locator('.toasts').getByText(`@${fan.handle} reacted to your story`).first().waitFor()
    expect(await activity.getByRole('listitem').count()).toBe(3)

    await page.goto(`${stage.url()}/#mine`)
    await page.locator('.own-numbers').getByText('1 view', { exact: true }).waitFor()
    await page.locator('.own-numbers').getByText('🔥 1').waitFor()
    await other.getByRole('button', { name: /Fire/ }).click()
    await other.locator('.reaction[aria-pressed="true"]').waitFor({ state: 'detached' })
    const mine = await author.call<{ counters: { reactions: Record<string, number> } }>(
      'GET',
      `/stories/${story.id}`,
    )
    expect(mine.counters.reactions['🔥']).toBe(0)
  })

  test('a week in numbers keeps the chosen series and the newest answer', async () => {
    const [author, fan] = await Promise.all([
      makePerson(stage.url(), 'week'),
      makePerson(stage.url(), 'reader'),
    ])
    const [one, two] = await Promise.all(['One', 'Two'].map((text) => author.post({ text })))
    const page = await stage.visit(author, { path: '/#stats' })
    await untilLive(page)
    const tabs = page.getByRole('group', { name: 'What to show' })
    await tabs.getByRole('button', { name: 'Posted' }).click()
    const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    await page.route(
      '**/me/stats',
      async (route) => {
        const response = await route.fetch()
        held.resolve()
        await released.promise
        await route.fulfill({ response })
      },
      { times: 1 },
    )
    await fan.call('POST', `/stories/${one?.id}/view`)
    await held.promise
    await fan.call('POST', `/stories/${two?.id}/view`)
    const views = page.locator('.tile', { hasText: 'Views' }).locator('dd')
    await views.getByText('2').waitFor()
    const late = page.waitForResponse('**/me/stats')
    released.resolve()
    await (await late).finished()
    expect(await views.textContent()).toBe('2')
    expect(await page.locator('.chart-host caption').textContent()).toBe('posted by day (UTC)')
    expect(await tabs.locator('[aria-pressed="true"]').textContent()).toBe('Posted')
  })

  test('a story that was seen and is deleted since opens no more, and leaves the list', async () => {
    const [author, fan] = await Promise.all([
      makePerson(stage.url(), 'author'),
      makePerson(stage.url(), 'fan'),
    ])
    const words = `Gone soon ${author.handle}`
    const story = await author.post({ text: words })
    const page = await stage.visit(fan)
    const seen = page.waitForResponse((answer) => answer.url().endsWith(`/${story.id}/view`))
    const card = page.getByRole('link', { name: new RegExp(words) })
    await card.click()
    expect((await seen).status()).toBe(200)
    await page.keyboard.press('Escape')
    await author.call('DELETE', `/stories/${story.id}`)
    await card.click()
    await page.getByText('This story is gone').waitFor()
    await page.keyboard.press('Escape')
    await card.waitFor({ state: 'detached' })
  })

  test('the last story of a list that ends leaves it empty, and nothing is asked for', async () => {
    const author = await makePerson(stage.url(), 'brief')
    await author.post({ text: 'Soon over' })
    const page = await stage.visit()
    let asked = 0
    await page.route('**/me/stories*', async (route) => {
      asked += 1
      const response = await route.fetch()
      const body = (await response.json()) as { items: { expires_at: string }[] }
      for (const item of body.items) item.expires_at = new Date(Date.now() + 2000).toISOString()
      await route.fulfill({ response, json: body })
    })
    await page.getByLabel('Email').fill(author.email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await untilLive(page)
    await page.goto(`${stage.url()}/#mine`)
    await page.locator('.own-text').getByText('Soon over').waitFor()
    await page.getByText('Nothing posted').waitFor()
    expect(asked).toBe(1)
  })

  test('two tabs share one stream, and the second goes on when the first closes', async () => {
    const [author, fan] = await Promise.all([makePerson(stage.url(), 'tabs'), makePerson(stage.url(), 'fan')])
    const story = await author.post({ text: 'One stream for all' })
    const first = await stage.visit(author)
    await untilLive(first)
    const second = await stage.tab(first, '/#people')
    const streams = countStreams(second)
    await untilLive(second)
    await fan.call('POST', `/stories/${story.id}/view`)
    await first.getByText(`@${fan.handle} saw your story`).first().waitFor()
    await second.getByText(`@${fan.handle} saw your story`).first().waitFor()
    expect(streams()).toBe(0)

    await first.close()
    await fan.call('POST', `/stories/${story.id}/reactions`, { emoji: '😮' })
    await second.getByText(`@${fan.handle} reacted 😮`).first().waitFor()
    expect(streams()).toBe(1)
  })

  test('what happened while the browser was closed comes in order when it is opened again', async () => {
    const [author, fan] = await Promise.all([makePerson(stage.url(), 'away'), makePerson(stage.url(), 'fan')])
    const stories = [await author.post({ text: 'first' }), await author.post({ text: 'second' })]
    const page = await stage.visit(author)
    await untilPlaced(page, author)
    await page.goto('about:blank')
    for (const story of stories) await fan.call('POST', `/stories/${story.id}/view`)
    await fan.call('POST', `/stories/${stories[0]?.id}/reactions`, { emoji: '👍' })
    await page.goto(stage.url())
    const rows = page.getByRole('complementary', { name: 'Activity' }).getByRole('listitem')
    await rows.nth(2).waitFor()
    const words = await rows.allInnerTexts()
    expect(words.map((text) => /saw|reacted/.exec(text)?.[0])).toEqual(['reacted', 'saw', 'saw'])
  })

  test('whoever logs in from another tab finds what they know already, and is not told it as news', async () => {
    const [before, after] = await Promise.all([
      makePerson(stage.url(), 'before'),
      makePerson(stage.url(), 'after'),
    ])
    const page = await stage.visit(before)
    await untilLive(page)
    const other = await stage.tab(page, '/healthz')
    const seen = { id: 'a', kind: 'viewed', storyId: 'a', personId: 'a', handle: '@fan', emoji: null, at: '' }
    await other.evaluate(
      ([session, activity]) => {
        const stored = JSON.parse(localStorage.getItem('stories.session') ?? '{}')
        localStorage.setItem(`stories.activity.${session.user.id}`, JSON.stringify([activity]))
        localStorage.setItem('stories.session', JSON.stringify({ ...stored, ...session }))
      },
      [after.session, { ...seen, at: after.session.user.created_at }] as const,
    )
    await page.locator('.me-name', { hasText: after.handle }).first().waitFor({ state: 'attached' })
    expect(await page.locator('.toast').count()).toBe(0)
    const rows = page.getByRole('complementary', { name: 'Activity' }).getByRole('listitem')
    expect(await rows.count()).toBe(1)
  })
})
