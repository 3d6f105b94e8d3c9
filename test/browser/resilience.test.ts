import { describe, expect, test } from 'bun:test'
import { makePerson } from './support/people.ts'
import { setStage, untilLive, untilPlaced } from './support/stage.ts'

const stage = setStage({
  RATE_LIMIT_STORIES_PER_MIN: '3',
  FEED_CACHE_SECONDS: '0',
})

describe('when things go wrong', () => {
  test('after the network was cut, missed events come in order and the page says where it stands', async () => {
    const [author, fan] = await Promise.all([makePerson(stage.url(), 'cut'), makePerson(stage.url(), 'fan')])
    const story = await author.post({ text: 'Still here' })
    const page = await stage.visit(author)
    await untilPlaced(page, author)
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

  test('an address that cannot be decoded leads to the feed', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'lost'), { path: '/#%' })
    const home = page.locator('.nav-link[aria-current="page"]', { hasText: 'Home' })
    await home.waitFor()
    await page.goto(`${stage.url()}/#people`)
    await home.waitFor({ state: 'detached' })
    await page.goto(`${stage.url()}/#100%`)
    await home.waitFor()
  })

  test('a 429 is shown as seconds to wait, and posting goes on afterwards', async () => {
    const person = await makePerson(stage.url(), 'eager')
    const page = await stage.visit(person)
    for (let count = 1; count <= 3; count += 1) await person.post({ text: `Number ${count}` })
    await page.getByRole('link', { name: 'New story' }).first().click()
    await page.getByLabel('Text').fill('One too many')
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByRole('button', { name: /^Wait \d+ s$/ }).waitFor()
    await page.getByRole('button', { name: 'Post story' }).waitFor({ timeout: 45_000 })
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
})
