import { describe, expect, test } from 'bun:test'
import { makePerson, PASSWORD } from './support/people.ts'
import { sweepOnce } from './support/service.ts'
import { setStage, untilLive } from './support/stage.ts'

const stage = setStage({ STORY_TTL_SECONDS: '25', FEED_CACHE_SECONDS: '0' })

describe('from sign-up to the end of a story', () => {
  test('a new person signs up, posts, is seen, and the story leaves every page by itself', async () => {
    const page = await stage.visit(null, { path: '/#signup' })
    const handle = `new_${crypto.randomUUID().slice(0, 8)}`
    await page.getByLabel('Email').fill(`${handle}@example.com`)
    await page.getByLabel('Handle').fill(handle)
    await page.getByLabel('Password').fill('short')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.locator('.field-wrong').filter({ hasText: 'Password' }).waitFor()

    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign up' }).click()
    await untilLive(page)
    await page.getByRole('link', { name: 'New story' }).first().click()
    const words = `Short-lived words of ${handle}`
    await page.getByLabel('Text').fill(words)
    await page.getByRole('button', { name: 'Post story' }).click()
    const own = page.getByRole('link', { name: new RegExp(`Your story ${words}`) })
    await own.waitFor()

    const friend = await makePerson(stage.url(), 'friend')
    const other = await stage.visit(friend)
    await other.getByRole('link', { name: new RegExp(words) }).click()
    await other.getByRole('dialog').getByText(words).first().waitFor()
    await page.getByText(`@${friend.handle} saw your story`).first().waitFor()

    await own.waitFor({ state: 'detached', timeout: 40_000 })
    await other.getByRole('dialog').getByText(words).first().waitFor({ state: 'detached', timeout: 40_000 })
    const swept = /"event":"story_expired".*"count":(\d+)/.exec(await sweepOnce())
    expect(Number(swept?.[1])).toBeGreaterThan(0)
  })

  test('logging in survives a reload, logging out ends it in every tab', async () => {
    const person = await makePerson(stage.url(), 'back')
    const page = await stage.visit()
    await page.getByLabel('Email').fill(person.email)
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('That email and password do not go together.').waitFor()
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Log in' }).click()
    await untilLive(page)
    await page.reload()
    await untilLive(page)
    const second = await stage.tab(page)
    await untilLive(second)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Good to see you' }).waitFor()
    await second.getByRole('heading', { name: 'Good to see you' }).waitFor()
  })

  test('where the browser refuses to store anything, logging in holds until the page is closed', async () => {
    const person = await makePerson(stage.url(), 'private')
    const page = await stage.visit(null, { path: '/healthz' })
    await page.addInitScript(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
    })
    await page.goto(stage.url())
    await page.getByLabel('Email').fill(person.email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await untilLive(page)
    await page.reload()
    await page.getByRole('heading', { name: 'Good to see you' }).waitFor()
  })

  test('an email that is taken is said at its field', async () => {
    const person = await makePerson(stage.url(), 'taken')
    const page = await stage.visit(null, { path: '/#signup' })
    await page.getByLabel('Email').fill(person.email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.locator('.field-wrong').getByText('There is already an account with this email.').waitFor()
    expect(await page.getByLabel('Email').getAttribute('aria-invalid')).toBe('true')
  })
})
