import { describe, expect, test } from 'bun:test'
import type { Page, Route } from 'playwright-core'
import type { Story } from '../../web/api-types.ts'
import { makePerson, type Person } from './support/people.ts'
import { setStage } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

const makePeople = (...names: string[]) => Promise.all(names.map((name) => makePerson(stage.url(), name)))

const isPost = (route: Route) => route.request().method() === 'POST'

/** Writes a story and sends it; the service hears of it only when the test says so. */
async function postHeld(page: Page, words: string) {
  const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await page.route('**/stories', async (route) => {
    if (!isPost(route)) return route.continue()
    asked.resolve()
    await released.promise
    await route.continue()
  })
  await page.getByLabel('Text').fill(words)
  await page.getByRole('button', { name: 'Post story' }).click()
  await asked.promise
  return released.resolve
}

const storiesOf = async (person: Person) =>
  (await person.call<{ items: Story[] }>('GET', '/me/stories')).items.map(({ text, visibility }) => ({
    text,
    visibility,
  }))

const isChecked = (page: Page, name: RegExp) => page.getByRole('radio', { name }).isChecked()
const openComposer = (page: Page) => page.getByRole('link', { name: 'New story' }).first().click()

describe('a draft', () => {
  test('is found again with its words, its audience and its people when the sheet was closed', async () => {
    const [author, chosen] = (await makePeople('keeper', 'kept')) as [Person, Person]
    const page = await stage.visit(author, { path: '/#new' })
    await page.getByLabel('Text').fill('For few')
    await page.getByRole('radio', { name: /Chosen people/ }).check()
    await page.getByLabel('Who may see it').fill(chosen.handle)
    await page.getByRole('button', { name: `Choose ${chosen.handle}` }).click()
    await page.getByRole('radio', { name: /Only me/ }).check()
    await page.keyboard.press('Escape')
    await page.locator('.composer').waitFor({ state: 'detached' })
    await openComposer(page)
    expect(await page.getByLabel('Text').inputValue()).toBe('For few')
    expect(await isChecked(page, /Only me/)).toBe(true)
    await page.getByRole('radio', { name: /Chosen people/ }).check()
    await page.getByRole('button', { name: `Remove ${chosen.handle}` }).waitFor()
    await page.getByRole('radio', { name: /Only me/ }).check()
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByText('Your story is up.').waitFor()
    expect(await storiesOf(author)).toEqual([{ text: 'For few', visibility: 'private' }])
    await openComposer(page)
    expect(await page.getByLabel('Text').inputValue()).toBe('')
    expect(await isChecked(page, /Public/)).toBe(true)
  })

  test('takes nothing while it is posted, and the keyboard still leads out', async () => {
    const author = await makePerson(stage.url(), 'poster')
    const page = await stage.visit(author, { path: '/#new' })
    const release = await postHeld(page, 'As sent')
    await page.keyboard.type(' and more')
    const place = await page.getByRole('radio', { name: /Only me/ }).boundingBox()
    await page.mouse.click((place?.x ?? 0) + 5, (place?.y ?? 0) + 5)
    expect(await page.getByLabel('Text').inputValue()).toBe('As sent')
    expect(await isChecked(page, /Public/)).toBe(true)
    await page.keyboard.press('Escape')
    await page.locator('.composer').waitFor({ state: 'detached' })
    release()
    await page.getByText('Your story is up.').waitFor()
    expect(await storiesOf(author)).toEqual([{ text: 'As sent', visibility: 'public' }])
  })

  test('that could not be posted can be changed again, from the keyboard too', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'again'), { path: '/#new' })
    await page.route('**/stories', (route) =>
      isPost(route) ? route.fulfill({ status: 500, body: '{}' }) : route.continue(),
    )
    await page.getByLabel('Text').fill('Once more')
    await page.getByRole('button', { name: 'Post story' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('Something went wrong on our side.').waitFor()
    await page.locator('button:focus', { hasText: 'Post story' }).waitFor()
    await page.getByRole('radio', { name: /Only me/ }).check()
    await page.getByLabel('Text').fill('Once more, for me')
  })

  test('opened anew while it is posted loses no word, and the story keeps the audience it went to', async () => {
    const [author, chosen] = (await makePeople('double', 'only')) as [Person, Person]
    const page = await stage.visit(author, { path: '/#new' })
    await page.getByRole('radio', { name: /Chosen people/ }).check()
    await page.getByLabel('Who may see it').fill(chosen.handle)
    await page.getByRole('button', { name: `Choose ${chosen.handle}` }).click()
    const release = await postHeld(page, 'For one')
    await page.keyboard.press('Escape')
    await page.locator('.composer').waitFor({ state: 'detached' })
    await openComposer(page)
    await page.getByLabel('Text').fill('For all')
    await page.getByRole('radio', { name: /Public/ }).check()
    release()
    await page.getByText('Your story is up.').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.composer').waitFor({ state: 'detached' })
    await openComposer(page)
    expect(await page.getByLabel('Text').inputValue()).toBe('For all')
    expect(await isChecked(page, /Public/)).toBe(true)
    await page.goto(`${stage.url()}/#mine`)
    const own = page.locator('.own').getByText(/Chosen people/)
    await own.waitFor()
  })
})
