import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { drawPicture } from './support/files.ts'
import { makePerson, postMedia } from './support/people.ts'
import { PHONE, setStage } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

const focused = (page: Page) => page.evaluate(() => document.activeElement?.closest('a')?.textContent ?? '')
const viewer = (page: Page) => page.getByRole('dialog')
const ownRing = (page: Page) => page.locator('.tray-own .tray-ring')

/** What the page does every 45 seconds. */
async function refresh(page: Page): Promise<void> {
  const answers = ['/feed', '/feed/authors'].map((path) =>
    page.waitForResponse((answer) => new URL(answer.url()).pathname === path),
  )
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await Promise.all(answers)
}

describe('the rings', () => {
  test('lead on to the next person also after a refresh while they were scrolled', async () => {
    const person = await makePerson(stage.url(), 'rings')
    for (let n = 0; n < 26; n += 1)
      await (await makePerson(stage.url(), `ring${n}`)).post({ text: `By ring ${n}` })
    const page = await stage.visit(person)
    const ring = page.locator('.tray-list .tray-ring').nth(12)
    await ring.waitFor()
    await page.locator('.tray').evaluate((tray) => tray.scrollTo({ left: 400, behavior: 'instant' }))
    const feed = page.waitForResponse((answer) => new URL(answer.url()).pathname === '/feed')
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await feed
    await ring.click()
    const name = viewer(page).locator('.viewer-who strong')
    await name.waitFor()
    const first = await name.textContent()
    await page.keyboard.press('ArrowRight')
    await name.and(page.locator(`:not(:text-is("${first}"))`)).waitFor()
  })

  test('say that one’s own stories are over when the last of them was deleted', async () => {
    const person = await makePerson(stage.url(), 'over')
    await person.post({ text: 'The only one' })
    const page = await stage.visit(person)
    await ownRing(page).getByText('your own stories').waitFor({ state: 'attached' })
    await ownRing(page).click()
    await viewer(page).getByRole('button', { name: 'Delete' }).click()
    await viewer(page).getByRole('button', { name: 'Delete for everybody?' }).click()
    await viewer(page).waitFor({ state: 'detached' })
    await ownRing(page).getByText('post your first story').waitFor({ state: 'attached' })
  })

  test('keep the focus, one’s own and others’, when the viewer was left and they are drawn anew', async () => {
    const [person, other] = [await makePerson(stage.url(), 'own'), await makePerson(stage.url(), 'other')]
    await person.post({ text: 'Of mine' })
    await other.post({ text: 'Of another' })
    const page = await stage.visit(person)
    await ownRing(page).getByText('your own stories').waitFor({ state: 'attached' })
    const others = page.locator('.tray-list .tray-ring', { hasText: other.handle })
    for (const [ring, text] of [
      [ownRing(page), 'your own stories'],
      [others, other.handle],
    ] as const) {
      await ring.focus()
      await page.keyboard.press('Enter')
      await viewer(page).locator('.viewer-who strong').waitFor()
      const reloaded = page.waitForResponse((answer) => new URL(answer.url()).pathname === '/feed/authors')
      await page.keyboard.press('Escape')
      await viewer(page).waitFor({ state: 'detached' })
      await reloaded
      await refresh(page)
      expect(await focused(page)).toContain(text)
    }
    await others.getByText('all seen').waitFor({ state: 'attached' })
    expect(await focused(page)).toContain(other.handle)
  })
})

test('a card keeps the focus when its picture has a new address', async () => {
  const [person, author] = [await makePerson(stage.url(), 'card'), await makePerson(stage.url(), 'picture')]
  const page = await stage.visit(person)
  await postMedia(author, await drawPicture(page), 'image/png', 'A picture that moves')
  await refresh(page)
  const card = page.getByRole('link', { name: /A picture that moves/ })
  await card.focus()
  await page.route('**/feed?**', async (route) => {
    const answer = await route.fetch()
    const body = (await answer.text()).replaceAll('X-Amz-Expires=', 'again=1&X-Amz-Expires=')
    await route.fulfill({ response: answer, body })
  })
  await refresh(page)
  await page.locator('.card img[src*="again=1"]').first().waitFor()
  expect(await focused(page)).toContain('A picture that moves')
  await page.route('**/users/*/stories?**', async (route) => {
    const answer = await route.fetch()
    const body = (await answer.text()).replaceAll('X-Amz-Expires=', 'later=1&X-Amz-Expires=')
    await route.fulfill({ response: answer, body })
  })
  await page.keyboard.press('Enter')
  await viewer(page).waitFor()
  await page.locator('.card img[src*="later=1"]').first().waitFor({ state: 'attached' })
  await page.keyboard.press('Escape')
  await viewer(page).waitFor({ state: 'detached' })
  expect(await focused(page)).toContain('A picture that moves')
})

test('a small picture whose address had run out before it was loaded is fetched again', async () => {
  const person = await makePerson(stage.url(), 'lazy')
  const page = await stage.visit(person)
  await postMedia(person, await drawPicture(page), 'image/png', 'Looked at much later')
  const refused = new Set<string>()
  await page.context().route(/X-Amz-Signature/, (route) => {
    const { pathname } = new URL(route.request().url())
    if (refused.has(pathname)) return route.continue()
    refused.add(pathname)
    return route.fulfill({ status: 403, body: 'run out' })
  })
  for (const [path, picture] of [
    ['feed', '.card'],
    ['mine', '.own'],
    ['search', '.result'],
  ] as const) {
    refused.clear()
    await page.goto(`${stage.url()}/#${path}`)
    await page.reload()
    if (path === 'search') await page.getByLabel('Search stories').fill('Looked at much later')
    const row = page.locator(picture, { hasText: 'Looked at much later' }).first()
    await row.locator('img').waitFor({ state: 'attached' })
    await page.waitForFunction(
      (image) => image instanceof HTMLImageElement && image.naturalWidth > 0,
      await row.locator('img').elementHandle(),
    )
    expect(refused.size).toBeGreaterThan(0)
  }
})

test('the door keeps the focus from logging in to signing up', async () => {
  const page = await stage.visit(null)
  await page.getByRole('link', { name: 'Create an account' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Create account' }).or(page.getByLabel('Handle')).first().waitFor()
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(false)
})

test('a screen begins at its top, however far the one before was scrolled', async () => {
  const person = await makePerson(stage.url(), 'scrolls')
  for (let n = 0; n < 20; n += 1) await person.post({ text: `Number ${n} of twenty` })
  const page = await stage.visit(person, PHONE)
  const middle = page.locator('.middle')
  await page.locator('.grid .card').nth(10).waitFor()
  await page.getByRole('link', { name: 'Yours', exact: true }).click()
  await page.locator('.own').nth(10).waitFor()
  await middle.evaluate((element) => element.scrollTo(0, 1500))
  await page.getByRole('link', { name: 'Home', exact: true }).click()
  await page.locator('.grid .card').nth(10).waitFor()
  expect(await middle.evaluate((element) => element.scrollTop)).toBe(0)
})

test('words that were typed before a screen was left are not looked for any more', async () => {
  const page = await stage.visit(await makePerson(stage.url(), 'types'))
  await page.clock.install()
  await page.reload()
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).searchParams.get('q') ?? ''))
  for (const [link, label] of [
    ['Search', 'Search stories'],
    ['People', 'Find people'],
  ] as const) {
    await page.getByRole('link', { name: link, exact: true }).click()
    await page.getByLabel(label).fill('left')
    await page.getByRole('link', { name: 'Home', exact: true }).click()
    await page.getByRole('heading', { name: 'Newest' }).waitFor()
    await page.clock.runFor(1000)
  }
  await page.getByRole('link', { name: 'New story', exact: true }).click()
  await page.getByRole('radio', { name: /^Chosen people/ }).check()
  await page.getByPlaceholder('Find by handle').fill('left')
  await page.keyboard.press('Escape')
  await viewer(page).waitFor({ state: 'detached' })
  await page.clock.runFor(1000)
  await refresh(page)
  expect(asked.filter((q) => q === 'left')).toEqual([])
})
