import { describe, expect, test } from 'bun:test'
import { makePerson } from './support/people.ts'
import { setStage, untilLive } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

describe('people and who sees what', () => {
  test('following shows friends stories, unfollowing hides them at once', async () => {
    const [author, person] = await Promise.all([
      makePerson(stage.url(), 'friendly'),
      makePerson(stage.url(), 'follower'),
    ])
    await author.post({ text: `For friends of ${author.handle}`, visibility: 'friends' })
    const page = await stage.visit(person, { path: '/#people' })
    await page.getByLabel('Find people').fill(author.handle)
    const follow = page.getByRole('button', { name: `Follow ${author.handle}`, exact: true })
    await follow.click()
    await page.getByRole('button', { name: `Following ${author.handle}` }).waitFor()
    await page.goto(`${stage.url()}/#feed`)
    const card = page.getByRole('link', { name: new RegExp(`For friends of ${author.handle}`) })
    await card.waitFor()
    await page.goto(`${stage.url()}/#people`)
    const unfollowed = page.waitForResponse((answer) => answer.request().method() === 'DELETE')
    await page.getByRole('button', { name: `Following ${author.handle}` }).click()
    await unfollowed
    await page.goto(`${stage.url()}/#feed`)
    await page.locator('.list-end').last().waitFor({ state: 'attached' })
    await card.waitFor({ state: 'detached' })
  })

  test('a story for chosen people reaches exactly them', async () => {
    const names = ['picker', 'chosen', 'passed']
    const [author, chosen, passed] = await Promise.all(names.map((name) => makePerson(stage.url(), name)))
    if (!author || !chosen || !passed) throw new Error('nobody came')
    const page = await stage.visit(author)
    await page.getByRole('link', { name: 'New story' }).first().click()
    const words = `Just for ${chosen.handle}`
    await page.getByLabel('Text').fill(words)
    await page.getByRole('radio', { name: /Chosen people/ }).check()
    expect(await page.getByRole('button', { name: 'Post story' }).isDisabled()).toBe(true)
    await page.getByLabel('Who may see it').fill(chosen.handle)
    await page.getByRole('button', { name: `Choose ${chosen.handle}` }).click()
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByText('Your story is up.').waitFor()
    type Feed = { items: { text: string | null }[] }
    const texts = async (who: typeof author) =>
      (await who.call<Feed>('GET', '/feed?limit=100')).items.map((item) => item.text)
    expect(await texts(chosen)).toContain(words)
    expect(await texts(passed)).not.toContain(words)
    await page.goto(`${stage.url()}/#mine`)
    await page
      .locator('.own')
      .getByText(/Chosen people/)
      .waitFor()
  })

  test('a deleted story leaves the author and whoever is watching', async () => {
    const [author, person] = await Promise.all([
      makePerson(stage.url(), 'regret'),
      makePerson(stage.url(), 'watcher'),
    ])
    const story = await author.post({ text: 'Said too much' })
    const page = await stage.visit(author, { path: '/#mine' })
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete for everybody?' }).click()
    await page.locator('.own').waitFor({ state: 'detached' })
    const other = await stage.visit(person, { path: `/#story/${story.id}` })
    await other.getByText('This story is gone').waitFor()
  })

  test('rings of unseen people come first and turn grey once all is seen', async () => {
    const [author, person] = await Promise.all([
      makePerson(stage.url(), 'ring'),
      makePerson(stage.url(), 'ringed'),
    ])
    await author.post({ text: 'Ring me' })
    const page = await stage.visit(person)
    await untilLive(page)
    const ring = page.getByRole('link', { name: new RegExp(`^Stories by ${author.handle}`) })
    expect(await ring.getAttribute('class')).toContain('tray-unseen')
    const viewed = page.waitForResponse((answer) => answer.url().endsWith('/view'))
    await ring.click()
    await viewed
    await page.keyboard.press('Escape')
    await page.locator('.tray-seen').filter({ hasText: author.handle }).waitFor()
  })
})
