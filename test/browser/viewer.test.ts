import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { makePerson } from './support/people.ts'
import { PHONE, setStage, untilLive } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

const pair = () => Promise.all([makePerson(stage.url(), 'shows'), makePerson(stage.url(), 'looks')])
const viewer = (page: Page) => page.getByRole('dialog')
const shown = (page: Page, text: string) => viewer(page).locator('.face-text').getByText(text).waitFor()
const closed = (page: Page) => viewer(page).waitFor({ state: 'detached' })

test('what is new of an author with very many stories comes first, behind the first hundred; one’s own are all there', async () => {
  const [author, person] = await pair()
  const ids: string[] = []
  for (let n = 0; n < 102; n += 1) ids.push((await author.post({ text: `Number ${n} of many` })).id)
  for (const id of ids.slice(0, 101)) await person.call('POST', `/stories/${id}/view`)
  const page = await stage.visit(person, { path: `/#author/${author.session.user.id}` })
  await shown(page, 'Number 101 of many')
  // One's own begin at the oldest and are never seen, so all of them are there.
  const own = await stage.visit(author, { path: `/#author/${author.session.user.id}` })
  await shown(own, 'Number 0 of many')
  expect(await viewer(own).locator('.bars > *').count()).toBe(102)
})

test('a story that ends while the next person is being loaded goes on to that person once', async () => {
  const [author, person] = await pair()
  const next = await makePerson(stage.url(), 'after')
  await next.post({ text: 'Of who comes next' })
  await author.post({ text: 'About to end' })
  const page = await stage.visit(person)
  await page.clock.install()
  await page.reload()
  const listOf = ({ session }: typeof next) => `**/users/${session.user.id}/stories**`
  await page.route(listOf(author), async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    for (const story of body.items) story.expires_at = new Date(Date.now() + 60_000).toISOString()
    await route.fulfill({ response: answer, json: body })
  })
  const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let times = 0
  await page.route(listOf(next), async (route) => {
    times += 1
    asked.resolve()
    await released.promise
    await route.continue()
  })
  await page.getByRole('link', { name: new RegExp(`^Stories by ${author.handle}`) }).click()
  await shown(page, 'About to end')
  await viewer(page).getByRole('button', { name: 'Pause' }).click()
  await page.clock.runFor(65_000)
  await asked.promise
  await page.clock.runFor(5_000)
  released.resolve()
  await shown(page, 'Of who comes next')
  expect(times).toBe(1)
})

describe('closing', () => {
  test('stays on the page, also where the browser’s own back led to the link that it was opened by', async () => {
    const [author, person] = await pair()
    const story = await author.post({ text: 'Linked to' })
    const page = await stage.visit(person, { path: `/#story/${story.id}` })
    await shown(page, 'Linked to')
    await page.keyboard.press('Escape')
    await closed(page)
    await page.getByRole('link', { name: 'People', exact: true }).click()
    await page.getByRole('heading', { name: 'People', exact: true }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Newest' }).waitFor()
    await page.goBack()
    await shown(page, 'Linked to')
    await viewer(page).getByRole('button', { name: 'Close', exact: true }).click()
    await closed(page)
    expect(page.url()).toStartWith(stage.url())
  })

  test('twice at once leaves the viewer alone, and not the screen below it', async () => {
    const [author, person] = await pair()
    await author.post({ text: 'Closed twice' })
    const page = await stage.visit(person)
    await page.getByRole('link', { name: 'People', exact: true }).click()
    await page.getByRole('heading', { name: 'People', exact: true }).waitFor()
    await page.getByRole('link', { name: 'Home', exact: true }).click()
    await page.getByRole('link', { name: /Closed twice/ }).click()
    await shown(page, 'Closed twice')
    await viewer(page).evaluate((element) => {
      for (let i = 0; i < 2; i += 1)
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    })
    await closed(page)
    await page.goForward()
    await shown(page, 'Closed twice')
  })
})

describe('keys are heard', () => {
  test('after a notice was dismissed', async () => {
    const [author, person] = await pair()
    const story = await author.post({ text: 'Seen by somebody' })
    const page = await stage.visit(author, { path: `/#story/${story.id}` })
    await untilLive(page)
    await shown(page, 'Seen by somebody')
    await viewer(page).getByRole('button', { name: 'Pause' }).click()
    await person.call('POST', `/stories/${story.id}/view`)
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await page.keyboard.press('Escape')
    await closed(page)
  })

  test('after a list that did not load was asked for again', async () => {
    const [author] = await pair()
    const story = await author.post({ text: 'Whose viewers do not load' })
    const page = await stage.visit(author, { path: `/#story/${story.id}` })
    await shown(page, 'Whose viewers do not load')
    await page.route('**/viewers**', (route) => route.abort())
    await viewer(page)
      .getByRole('button', { name: /^Seen by/ })
      .click()
    const again = viewer(page).getByRole('button', { name: 'Try again' })
    await again.waitFor()
    await page.unroute('**/viewers**')
    await again.click()
    await page.getByText('Nobody').or(viewer(page).locator('.empty h2')).first().waitFor()
    await page.keyboard.press('Escape')
    await closed(page)
  })
})

test('words that are longer than the screen are dragged by a finger, and turned by a wheel', async () => {
  const [author, person] = await pair()
  const lines = Array.from({ length: 100 }, (_, n) => `l${n}`)
  const story = await author.post({ text: lines.join('\n') })
  const page = await stage.visit(person, { ...PHONE, path: `/#story/${story.id}` })
  const text = viewer(page).locator('.face-text')
  await text.waitFor()
  const scrolled = () => text.evaluate((element) => element.scrollTop)
  await page.mouse.move(180, 500)
  await page.mouse.down()
  await page.mouse.move(180, 200, { steps: 5 })
  await page.mouse.up()
  expect(await scrolled()).toBe(300)
  await page.mouse.wheel(0, 100)
  await page.waitForFunction(() => (document.querySelector('.stage .face-text')?.scrollTop ?? 0) > 300)
  await page.mouse.move(180, 200)
  await page.mouse.down()
  await page.mouse.move(180, 500, { steps: 5 })
  await page.mouse.up()
  expect(await scrolled()).toBeLessThan(400)
  // It was no swipe that leaves, and no tap that goes on.
  expect(await viewer(page).count()).toBe(1)
})
