/** The still pictures: the main screens, light and dark, wide and on a phone. */
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Story } from '../../../web/api-types.ts'
import { join as joinService } from '../support/people.ts'
import { shrinkPng } from './shrink.ts'

const WIDE = { viewport: { width: 1280, height: 800 } }
const PHONE = {
  viewport: { width: 390, height: 780 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 1.5,
}

const DEMO_PASSWORD = 'stories-demo-2026'

type Shot = { name: string; options: BrowserContextOptions; open(page: Page): Promise<void> }

const press = (page: Page, name: string | RegExp) => page.getByRole('link', { name }).first().click()

const SHOTS: readonly Shot[] = [
  { name: 'feed-light', options: { ...WIDE, colorScheme: 'light' }, open: async () => undefined },
  { name: 'feed-dark', options: { ...WIDE, colorScheme: 'dark' }, open: async () => undefined },
  {
    name: 'viewer',
    options: { ...WIDE, colorScheme: 'dark' },
    async open(page) {
      await press(page, /^Stories by ben/)
      await page.locator('.reaction').first().waitFor()
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('button', { name: /^Fire/ }).hover()
    },
  },
  {
    name: 'composer',
    options: { ...WIDE, colorScheme: 'light' },
    async open(page) {
      await press(page, 'New story')
      await page.getByLabel('Text').fill('Golden hour on the way home.')
      await page.getByRole('radio', { name: /Chosen people/ }).check()
      await page.locator('.audience .chip').first().click()
    },
  },
  { name: 'phone-feed', options: { ...PHONE, colorScheme: 'light' }, open: async () => undefined },
  {
    name: 'phone-viewer',
    options: { ...PHONE, colorScheme: 'dark' },
    async open(page) {
      await press(page, /^Stories by/)
      await page.locator('.reaction').first().waitFor()
      await page.getByRole('button', { name: 'Pause' }).click()
    },
  },
  {
    name: 'phone-stats',
    options: { ...PHONE, colorScheme: 'dark' },
    async open(page) {
      await press(page, 'Stats')
      await page.locator('.chart').waitFor()
    },
  },
]

/** Others see and like what ava posted, so that her page shows life. */
async function stir(url: string): Promise<void> {
  const ava = await joinService(url, 'ava', 'ava@example.com', DEMO_PASSWORD)
  const { items } = await ava.call<{ items: Story[] }>('GET', '/me/stories')
  const story = items.find((item) => item.visibility === 'public')
  for (const [name, emoji] of [
    ['dov', '🔥'],
    ['cleo', '❤️'],
    ['eli', '😂'],
  ] as const) {
    const person = await joinService(url, name, `${name}@example.com`, DEMO_PASSWORD)
    await person.call('POST', `/stories/${story?.id}/view`)
    await person.call('POST', `/stories/${story?.id}/reactions`, { emoji })
  }
}

/** Logs in as a demo person at the door and takes each picture into `dir`. */
export async function takePictures(browser: Browser, url: string, dir: string): Promise<void> {
  for (const { name, options, open } of SHOTS) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    await page.goto(url)
    await page.getByRole('button', { name: 'ava', exact: true }).click()
    await page.locator('.card').first().waitFor()
    await page.locator('.live[data-state="live"]').first().waitFor({ state: 'attached' })
    await open(page)
    if (name === 'feed-light') {
      await stir(url)
      await page.locator('.toast').nth(2).waitFor()
    }
    await page.waitForLoadState('networkidle').catch(() => undefined)
    await page.evaluate(() => Promise.all(document.getAnimations().map((item) => item.ready)))
    await page.waitForTimeout(500)
    await shrinkPng(await page.screenshot(), join(dir, `${name}.png`))
    await context.close()
  }
}
