import { describe, expect, test } from 'bun:test'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { join, makePerson } from './support/people.ts'
import { PHONE, setStage, untilLive } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })
const DEMO_PASSWORD = 'stories-demo-2026'

/** What axe-core finds, as short lines. Its script is run by the test, past the page's policy. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { axe: run } = window as unknown as { axe: typeof axe }
    const { violations } = await run.run(document, { resultTypes: ['violations'] })
    return violations.flatMap((item) => item.nodes.map((node) => `${item.id}: ${node.html.slice(0, 120)}`))
  })
}

/** Screens with something on them: a story of one's own that was seen, people followed, a search with results. */
async function setScene(url: string) {
  const [person, other] = await Promise.all([makePerson(url, 'axe'), makePerson(url, 'seen')])
  const [own, story] = await Promise.all([
    person.post({ text: 'My own story' }),
    other.post({ text: 'Their story' }),
  ])
  await person.call('POST', `/follow/${other.session.user.id}`)
  const watch = async () => {
    await other.call('POST', `/stories/${own.id}/view`)
    await other.call('POST', `/stories/${own.id}/reactions`, { emoji: '😂' })
  }
  return { person, storyId: story.id, ownId: own.id, watch }
}

const still = { reducedMotion: 'reduce' } as const
const LOOKS = [
  { name: 'wide and light', options: { ...still, colorScheme: 'light' as const } },
  { name: 'wide and dark', options: { ...still, colorScheme: 'dark' as const } },
  { name: 'a phone, light', options: { ...still, ...PHONE, colorScheme: 'light' as const } },
  { name: 'a phone, dark', options: { ...still, ...PHONE, colorScheme: 'dark' as const } },
]

describe.each(LOOKS)('axe-core finds nothing: $name', ({ options }) => {
  test('at the door', async () => {
    const page = await stage.visit(null, options)
    expect(await findings(page)).toEqual([])
    await page.goto(`${stage.url()}/#signup`)
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.locator('.field-wrong').first().waitFor()
    expect(await findings(page)).toEqual([])
  })

  test('on every screen', async () => {
    const { person, storyId, ownId, watch } = await setScene(stage.url())
    const page = await stage.visit(person, options)
    await untilLive(page)
    await watch()
    const look = async (path: string, ready: string) => {
      await page.goto(`${stage.url()}/#${path}`)
      await page.locator(ready).first().waitFor()
      expect({ path, found: await findings(page) }).toEqual({ path, found: [] })
    }
    await look('feed', '.card')
    await look('people', '.person')
    await look('stats', '.chart')
    await look('new', '.composer')
    await page.getByRole('radio', { name: /Chosen people/ }).check()
    expect(await findings(page)).toEqual([])
    await look('activity', '.sheet .activity-row')
    await look('mine', '.own')
    await page.getByRole('button', { name: 'Who saw it' }).click()
    await page.locator('.own-viewers .person').waitFor()
    expect(await findings(page)).toEqual([])
    await look('search', '.empty')
    await page.getByLabel('Search stories').fill('story')
    await page.locator('mark').first().waitFor()
    expect(await findings(page)).toEqual([])
    await look(`story/${storyId}`, '.reaction')
    await look(`story/${ownId}`, '.button-glass')
    await page.getByRole('button', { name: /Seen by/ }).click()
    await page.locator('.viewer-panel .person').waitFor()
    expect(await findings(page)).toEqual([])
  })

  test('side by side', async () => {
    for (const name of ['ava', 'ben']) await join(stage.url(), name, `${name}@example.com`, DEMO_PASSWORD)
    const page = await stage.visit(null, { ...options, path: '/#demo' })
    await page.locator('.live[data-state="live"]').nth(1).waitFor({ state: 'attached' })
    expect(await findings(page)).toEqual([])
  })
})
