import { beforeAll, describe, expect, test } from 'bun:test'
import { join } from './support/people.ts'
import { setStage } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })
const DEMO_PASSWORD = 'stories-demo-2026'

describe('side by side', () => {
  beforeAll(async () => {
    for (const name of ['ava', 'ben', 'cleo', 'dov'])
      await join(stage.url(), name, `${name}@example.com`, DEMO_PASSWORD)
  })

  test('one page shows posting, viewing, reacting and the live event, with every call below', async () => {
    const page = await stage.visit(null, {
      path: '/#demo',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const left = page.getByRole('region', { name: 'Left' })
    const right = page.getByRole('region', { name: 'Right' })
    await left.locator('.live[data-state="live"]').first().waitFor()
    await right.locator('.live[data-state="live"]').first().waitFor()
    const words = `Side by side ${crypto.randomUUID().slice(0, 8)}`
    await left.getByRole('link', { name: 'New story' }).click()
    await left.getByLabel('Text').fill(words)
    await left.getByRole('button', { name: 'Post story' }).click()

    await right.getByRole('link', { name: new RegExp(words) }).click()
    await right.getByRole('dialog').getByText(words).first().waitFor()
    await right.getByRole('button', { name: /Love/ }).click()
    await left.getByText('@ben reacted to your story').waitFor()

    const log = page.getByRole('log', { name: 'Calls and events' })
    await log.getByText('story.viewed').first().waitFor()
    await log.getByText('story.reacted').first().waitFor()
    await log.getByRole('button', { name: 'Copy POST /stories as curl' }).click()
    const command = await page.evaluate(() => navigator.clipboard.readText())
    expect(command).toContain("curl -i -X POST 'http://localhost:")
    expect(command).toContain('Idempotency-Key')
  })

  test('the copied command works as pasted', async () => {
    const page = await stage.visit(null, {
      path: '/#demo',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await page
      .getByRole('button', { name: /Copy GET \/feed\?limit=\d+ as curl/ })
      .first()
      .click()
    await page.getByText('Copied.').waitFor()
    const command = await page.evaluate(() => navigator.clipboard.readText())
    const shell = Bun.spawn(['bash', '-c', command], { stdout: 'pipe', stderr: 'ignore' })
    expect(await new Response(shell.stdout).text()).toContain('200 OK')
  })

  test('who is chosen last is signed in, however late the answers to earlier choices come', async () => {
    const page = await stage.visit(null, { path: '/#demo' })
    const left = page.getByRole('region', { name: 'Left' })
    await left.locator('.live[data-state="live"]').first().waitFor()
    const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    await page.route('**/auth/login', async (route) => {
      if (route.request().postDataJSON().email === 'cleo@example.com') {
        asked.resolve()
        await released.promise
      }
      await route.continue()
    })
    const choose = left.getByLabel(/signed in as/)
    await choose.selectOption('cleo')
    await asked.promise
    await choose.selectOption('dov')
    const name = left.locator('.me-name').first()
    await name.filter({ hasText: 'dov' }).waitFor({ state: 'attached' })
    const late = page.waitForResponse((answer) => answer.request().postData()?.includes('cleo') ?? false)
    released.resolve()
    await (await late).finished()
    await page.evaluate(() => new Promise(requestAnimationFrame))
    expect(await name.textContent()).toContain('dov')
  })
})
