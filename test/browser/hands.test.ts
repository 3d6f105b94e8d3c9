import { describe, expect, test } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import { drawPicture } from './support/files.ts'
import { makePerson, PASSWORD } from './support/people.ts'
import { PHONE, setStage, untilLive } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

/** Presses Tab until what has the focus is named so. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      const label = element?.id ? document.querySelector(`label[for="${element.id}"]`) : null
      return element?.getAttribute('aria-label') ?? label?.textContent ?? element?.textContent ?? ''
    })
    if (name.test(focused)) return
  }
  throw new Error(`Tab never reaches ${name}`)
}

describe('with the keyboard alone', () => {
  test('a person logs in, watches, pauses, reacts, closes and posts', async () => {
    const [author, person] = await Promise.all([
      makePerson(stage.url(), 'shown'),
      makePerson(stage.url(), 'keys'),
    ])
    const first = await author.post({ text: 'First by keys' })
    await author.post({ text: 'Second by keys' })
    const page = await stage.visit()
    await tabTo(page, /^Email$/)
    await page.keyboard.type(person.email)
    await tabTo(page, /^Password$/)
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await untilLive(page)

    await tabTo(page, new RegExp(`Stories by ${author.handle}`))
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('First by keys').first().waitFor()
    await page.keyboard.press('Space')
    await dialog.getByRole('button', { name: 'Go on' }).waitFor()
    await page.keyboard.press('ArrowRight')
    await dialog.locator('.face-text').getByText('Second by keys').waitFor()
    await page.keyboard.press('ArrowLeft')
    await dialog.locator('.face-text').getByText('First by keys').waitFor()
    await page.keyboard.press('Space')
    await tabTo(page, /^Love/)
    const reacted = page.waitForResponse((answer) => answer.url().endsWith('/reactions'))
    await page.keyboard.press('Enter')
    await dialog.locator('.reaction[aria-pressed="true"]').waitFor()
    await reacted
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    const kept = await person.call<{ viewer: unknown }>('GET', `/stories/${first.id}`)
    expect(kept.viewer).toEqual({ has_viewed: true, reaction: '❤️' })

    await tabTo(page, /^New story$/)
    await page.keyboard.press('Enter')
    await page.locator('textarea:focus').waitFor()
    await page.keyboard.type('Typed, never clicked')
    await tabTo(page, /^Post story$/)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: /Your story Typed, never clicked/ }).waitFor()
  })

  test('an open layer holds the focus, and closing gives it back', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'focus'))
    await untilLive(page)
    await tabTo(page, /^New story$/)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    for (let presses = 0; presses < 20; presses += 1) {
      await page.keyboard.press('Tab')
      const inside = await page.evaluate(() => document.activeElement?.closest('.app-body') === null)
      expect(inside).toBe(true)
    }
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('New story')
  })

  test('keys are heard after what had the focus has gone: a foot that is drawn anew, a file that is removed', async () => {
    const author = await makePerson(stage.url(), 'drawn')
    await author.post({ text: 'First of two' })
    await author.post({ text: 'Second of two' })
    const page = await stage.visit(author, { path: `/#author/${author.session.user.id}` })
    const dialog = page.getByRole('dialog')
    const text = dialog.locator('.face-text')
    await text.getByText('First of two').waitFor()
    await dialog.getByRole('button', { name: /^Seen by/ }).focus()
    await page.keyboard.press('ArrowRight')
    await text.getByText('Second of two').waitFor()
    await page.keyboard.press('ArrowLeft')
    await text.getByText('First of two').waitFor()
    await dialog.getByRole('button', { name: 'Delete' }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await text.getByText('Second of two').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    await page.goto(`${stage.url()}/#new`)
    await dialog.locator('input[type=file]').setInputFiles({
      name: 'picture.png',
      mimeType: 'image/png',
      buffer: await drawPicture(page),
    })
    await dialog.getByRole('button', { name: 'Remove the file' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('input[type=file]:focus').waitFor({ state: 'attached' })
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })
})

describe('the focus goes on', () => {
  const focused = (page: Page) =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.className,
    )

  test('to the screen after logging in, whose address is its own, and to the door after logging out', async () => {
    const person = await makePerson(stage.url(), 'door')
    const page = await stage.visit(null, { path: '/#login' })
    await page.getByLabel('Email').fill(person.email)
    await page.getByLabel('Password').fill(PASSWORD)
    await tabTo(page, /^Log in$/)
    await page.keyboard.press('Enter')
    await untilLive(page)
    expect(await focused(page)).toBe('main')
    await page.waitForURL(/#feed$/)
    await page.getByRole('button', { name: 'Log out' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Good to see you' }).waitFor()
    expect(await focused(page)).toBe('door-main')
  })

  test('to the story beside one that was deleted, and to the list when it was the last', async () => {
    const person = await makePerson(stage.url(), 'beside')
    await person.post({ text: 'Older' })
    await person.post({ text: 'Newer' })
    const page = await stage.visit(person, { path: '/#mine' })
    const list = page.getByRole('list', { name: 'Your stories' })
    for (const [gone, next] of [
      ['Newer', 'Open: Older'],
      ['Older', 'main'],
    ] as const) {
      const item = list.getByRole('listitem').filter({ hasText: gone })
      const reloaded = page.waitForResponse((answer) => answer.url().includes('/me/stories'))
      await item.getByRole('button', { name: 'Delete' }).focus()
      await page.keyboard.press('Enter')
      await page.keyboard.press('Enter')
      await item.waitFor({ state: 'detached' })
      await reloaded
      await page.waitForFunction((name) => {
        const now = document.activeElement
        return (now?.getAttribute('aria-label') ?? now?.className) === name
      }, next)
    }
    await page.getByText('Nothing posted').waitFor()
  })
})

test('an address that can name no story says that none is there, in words for people', async () => {
  const page = await stage.visit(await makePerson(stage.url(), 'lost'), { path: '/#story/nonsense' })
  const dialog = page.getByRole('dialog')
  await dialog.getByText('This story is gone').waitFor()
  await dialog.getByText('It may have ended, or it is not shared with you.').waitFor()
  await page.goto(`${stage.url()}/#author/nonsense`)
  await dialog.getByText('Nobody is here').waitFor()
})

describe('on a phone', () => {
  test('who chooses people sees where to choose them', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'below'), { ...PHONE, path: '/#new' })
    await page.getByRole('radio', { name: /^Chosen people/ }).tap()
    const place = async (of: Locator) => (await of.boundingBox()) ?? { y: Number.NaN, height: 0 }
    const input = await place(page.getByPlaceholder('Find by handle'))
    const post = await place(page.getByRole('button', { name: 'Post story' }))
    expect(input.y).toBeGreaterThan(0)
    expect(input.y + input.height).toBeLessThan(post.y)
  })

  test('no screen is wider than the glass', async () => {
    const person = await makePerson(stage.url(), 'pocket')
    await person.post({ text: `${'long'.repeat(60)} word` })
    const page = await stage.visit(person, PHONE)
    await untilLive(page)
    for (const path of ['feed', 'search', 'people', 'mine', 'stats', 'new', 'activity']) {
      await page.goto(`${stage.url()}/#${path}`)
      await page.locator('.screen').waitFor()
      const width = await page.evaluate(() => {
        const wide = [...document.querySelectorAll<HTMLElement>('.screen, .sheet, .head, .middle')]
        return Math.max(document.documentElement.scrollWidth, ...wide.map((element) => element.scrollWidth))
      })
      expect({ path, fits: width <= 360 }).toEqual({ path, fits: true })
    }
  })

  test('taps go on and back, a swipe goes to the next person, holding pauses', async () => {
    const [one, two, person] = await Promise.all(
      ['one', 'two', 'thumb'].map((name) => makePerson(stage.url(), name)),
    )
    if (!one || !two || !person) throw new Error('nobody came')
    await two.post({ text: `Two from ${two.handle}` })
    await one.post({ text: `One from ${one.handle}` })
    await one.post({ text: `Another from ${one.handle}` })
    const page = await stage.visit(person, PHONE)
    await page.getByRole('link', { name: new RegExp(`^Stories by ${one.handle}`) }).tap()
    const stageText = page.locator('.stage .face-text')
    await stageText.getByText(`One from ${one.handle}`).waitFor()
    await page.touchscreen.tap(300, 400)
    await stageText.getByText(`Another from ${one.handle}`).waitFor()
    await page.touchscreen.tap(40, 400)
    await stageText.getByText(`One from ${one.handle}`).waitFor()

    await page.mouse.move(180, 400)
    await page.mouse.down()
    await page.locator('.viewer.is-held').waitFor()
    await page.mouse.up()
    await page.mouse.move(300, 400)
    await page.mouse.down()
    await page.mouse.move(100, 400)
    await page.mouse.up()
    await stageText.getByText(`Two from ${two.handle}`).waitFor()
    await page.mouse.move(100, 400)
    await page.mouse.down()
    await page.mouse.move(300, 400)
    await page.mouse.up()
    await stageText.getByText(`One from ${one.handle}`).waitFor()
  })

  test('with reduced motion nothing flies', async () => {
    const [author, person] = await Promise.all([
      makePerson(stage.url(), 'calm'),
      makePerson(stage.url(), 'still'),
    ])
    const story = await author.post({ text: 'Quietly' })
    const page = await stage.visit(person, { ...PHONE, reducedMotion: 'reduce', path: `/#story/${story.id}` })
    await page.getByRole('button', { name: /Fire/ }).tap()
    await page.locator('.reaction[aria-pressed="true"]').waitFor()
    expect(await page.locator('.float').count()).toBe(0)
  })
})
