import { describe, expect, test } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import { makePerson, type Person } from './support/people.ts'
import { setStage } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

const makePeople = (...names: string[]) => Promise.all(names.map((name) => makePerson(stage.url(), name)))

/** Opens the composer of a person, with a search for people whose answers come when the test says so. */
async function visitPicker(person: Person) {
  const page = await stage.visit(person, { path: '/#new' })
  const held = new Map<string, PromiseWithResolvers<void>>()
  const hold = (q: string) => held.set(q, Promise.withResolvers<void>())
  await page.route('**/users?**', async (route) => {
    await held.get(new URL(route.request().url()).searchParams.get('q') ?? '')?.promise
    await route.continue()
  })
  await page.getByRole('radio', { name: /Chosen people/ }).check()
  return {
    page,
    search: page.getByLabel('Who may see it'),
    toChoose: page.getByRole('list', { name: 'People to choose' }),
    chosen: page.getByRole('list', { name: 'Chosen people' }),
    hold,
    release: (q: string) => held.get(q)?.resolve(),
  }
}

const labelsOf = (list: Locator) =>
  list.getByRole('button').evaluateAll((buttons) => buttons.map(({ ariaLabel }) => ariaLabel))

const askedFor = (page: Page, q: string) =>
  page.waitForRequest((request) => new URL(request.url()).searchParams.get('q') === q)

describe('choosing people', () => {
  test('by Enter takes who the words name, not who was shown before', async () => {
    const [author, shown, named] = (await makePeople('picker', 'shown', 'named')) as [Person, Person, Person]
    await shown.call('POST', `/follow/${author.session.user.id}`)
    const { page, search, toChoose, chosen } = await visitPicker(author)
    await toChoose.getByText(shown.handle).waitFor()
    await search.fill(named.handle)
    await search.press('Enter')
    await chosen.getByRole('listitem').first().waitFor()
    expect(await labelsOf(chosen)).toEqual([`Remove ${named.handle}`])
    await search.fill('nobody_begins_like_this')
    await search.press('Enter')
    await toChoose.getByRole('listitem').first().waitFor({ state: 'detached' })
    expect(await labelsOf(chosen)).toEqual([`Remove ${named.handle}`])
    expect(await page.getByRole('dialog', { name: 'New story' }).count()).toBe(1)
  })

  test('passes over a late answer to words that are there no more', async () => {
    const author = await makePerson(stage.url(), 'hasty')
    const [one] = (await makePeople('zed', 'zed')) as [Person, Person]
    const { page, search, toChoose, hold, release } = await visitPicker(author)
    hold('zed')
    const asked = askedFor(page, 'zed')
    await search.fill('zed')
    await asked
    await search.fill(one.handle)
    await toChoose.getByText(one.handle).waitFor()
    const late = page.waitForResponse((answer) => answer.url().includes('q=zed&'))
    release('zed')
    await (await late).finished()
    // What the page makes of the answer it makes before it answers this.
    await page.evaluate(() => new Promise(requestAnimationFrame))
    expect(await labelsOf(toChoose)).toEqual([`Choose ${one.handle}`])
  })
})
