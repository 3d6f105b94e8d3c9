import { describe, expect, test } from 'bun:test'
import { makePerson } from './support/people.ts'
import { setStage, untilLive } from './support/stage.ts'

const stage = setStage({
  ACCESS_TOKEN_TTL_SECONDS: '8',
  RATE_LIMIT_STORIES_PER_MIN: '6',
  FEED_CACHE_SECONDS: '0',
})

describe('when things go wrong', () => {
  test('after the network was cut, missed events come in order and the page says where it stands', async () => {
    const [author, fan] = await Promise.all([makePerson(stage.url(), 'cut'), makePerson(stage.url(), 'fan')])
    const story = await author.post({ text: 'Still here' })
    const page = await stage.visit(author)
    await untilLive(page)
    await page.context().setOffline(true)
    await page.getByText('You are offline.').waitFor()
    await page.locator('.live[data-state="offline"]').first().waitFor({ state: 'attached' })
    await fan.call('POST', `/stories/${story.id}/view`)
    await fan.call('POST', `/stories/${story.id}/reactions`, { emoji: '👍' })
    await fan.call('POST', `/stories/${story.id}/reactions`, { emoji: '🔥' })
    await page.context().setOffline(false)
    await untilLive(page)
    const rows = page.getByRole('complementary', { name: 'Activity' }).getByRole('listitem')
    await rows.nth(2).waitFor()
    const words = await rows.allInnerTexts()
    expect(words.map((text) => /saw|👍|🔥/.exec(text)?.[0])).toEqual(['🔥', '👍', 'saw'])
    expect(await page.getByText('You are offline.').isHidden()).toBe(true)
  })

  test('a token that ends mid-session is exchanged once for all tabs, and the stream goes on', async () => {
    const [author, fan] = await Promise.all([
      makePerson(stage.url(), 'token'),
      makePerson(stage.url(), 'fan'),
    ])
    const story = await author.post({ text: 'Longer than a token' })
    const page = await stage.visit(author)
    const statuses: number[] = []
    const spent: string[] = []
    page.context().on('response', (answer) => {
      if (answer.url().endsWith('/auth/refresh')) statuses.push(answer.status())
    })
    page.context().on('request', (request) => {
      if (request.url().endsWith('/auth/refresh')) spent.push(request.postDataJSON().refresh_token)
    })
    const second = await stage.tab(page, '/#mine')
    await untilLive(second)
    // Both tabs ask at the same moments, so both find the token old at the same moment.
    for (let round = 0; statuses.length < 3; round += 1) {
      const [screen, path] = round % 2 === 0 ? ['stats', '/me/stats'] : ['people', '/me/following']
      const asked = [page, second].map((tab) => tab.waitForResponse((answer) => answer.url().includes(path)))
      const open = (tab: typeof page) =>
        tab.evaluate((name) => {
          location.hash = name
        }, screen)
      await Promise.all([page, second].map(open))
      await Promise.all(asked)
    }
    expect(statuses.every((status) => status === 200)).toBe(true)
    expect(new Set(spent).size).toBe(spent.length)
    await fan.call('POST', `/stories/${story.id}/reactions`, { emoji: '❤️' }).catch(async () => {
      const later = await makePerson(stage.url(), 'later')
      await later.call('POST', `/stories/${story.id}/reactions`, { emoji: '❤️' })
    })
    await page.getByRole('complementary', { name: 'Activity' }).getByText('reacted ❤️').waitFor()
  })

  test('a 429 is shown as seconds to wait, and posting goes on afterwards', async () => {
    const person = await makePerson(stage.url(), 'eager')
    const page = await stage.visit(person)
    for (let count = 1; count <= 6; count += 1) await person.post({ text: `Number ${count}` })
    await page.getByRole('link', { name: 'New story' }).first().click()
    await page.getByLabel('Text').fill('One too many')
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByRole('button', { name: /^Wait \d+ s$/ }).waitFor()
    await page.getByRole('button', { name: 'Post story' }).waitFor()
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByText('Your story is up.').waitFor()
  })

  test('a double click and a lost answer post one story', async () => {
    const person = await makePerson(stage.url(), 'once')
    const page = await stage.visit(person)
    let lost = 0
    await page.route('**/stories', async (route) => {
      if (route.request().method() !== 'POST' || lost > 0) return route.fallback()
      lost += 1
      await route.fetch()
      await route.abort('connectionreset')
    })
    await page.getByRole('link', { name: 'New story' }).first().click()
    await page.getByLabel('Text').fill('Only once')
    await page.getByRole('button', { name: 'Post story' }).dblclick()
    await page.getByText('Your story is up.').waitFor()
    const mine = await person.call<{ items: unknown[] }>('GET', '/me/stories')
    expect(lost).toBe(1)
    expect(mine.items).toHaveLength(1)
  })

  test('a session that was ended elsewhere leads to the door', async () => {
    const person = await makePerson(stage.url(), 'ended')
    const page = await stage.visit(person)
    await untilLive(page)
    const body = JSON.stringify({ refresh_token: person.session.refresh_token })
    await fetch(`${stage.url()}/auth/logout`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json' },
    })
    await page.getByRole('heading', { name: 'Good to see you' }).waitFor({ timeout: 30_000 })
  })
})
