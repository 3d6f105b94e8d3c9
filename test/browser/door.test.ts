import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { makePerson, PASSWORD, type Person } from './support/people.ts'
import { setStage, untilLive } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

async function logIn(page: Page, person: Person): Promise<void> {
  await page.getByLabel('Email').fill(person.email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await untilLive(page)
}

/** The session ends elsewhere, while a story is open here. */
async function endInOtherTab(page: Page): Promise<void> {
  const tab = await stage.tab(page, '/healthz')
  await tab.evaluate(() => localStorage.removeItem('stories.session'))
  await tab.close()
  await page.getByRole('heading', { name: 'Good to see you' }).waitFor()
}

test('who logs in again is where they were, and somebody else at home', async () => {
  const [person, other] = await Promise.all([
    makePerson(stage.url(), 'former'),
    makePerson(stage.url(), 'latter'),
  ])
  const story = await person.post({ text: 'Of the former', visibility: 'private' })
  const page = await stage.visit(person, { path: `/#story/${story.id}` })
  const words = page.getByRole('dialog').locator('.face-text').getByText('Of the former')
  await words.waitFor()
  await endInOtherTab(page)
  await logIn(page, person)
  await words.waitFor()
  await endInOtherTab(page)
  await logIn(page, other)
  await page.getByRole('heading', { name: 'Newest' }).waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(page.url()).toEndWith('/#feed')
})

test('a link to a story leads there through the door', async () => {
  const person = await makePerson(stage.url(), 'linked')
  const story = await person.post({ text: 'Linked from elsewhere' })
  const page = await stage.visit(null, { path: `/#story/${story.id}` })
  await logIn(page, person)
  await page.getByRole('dialog').locator('.face-text').getByText('Linked from elsewhere').waitFor()
})
