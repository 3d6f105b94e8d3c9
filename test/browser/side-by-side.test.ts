import { beforeAll, describe, expect, test } from 'bun:test'
import { join } from './support/people.ts'
import { setStage } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })
const DEMO_PASSWORD = 'stories-demo-2026'

describe('side by side', () => {
  beforeAll(async () => {
    for (const name of ['ava', 'ben']) await join(stage.url(), name, `${name}@example.com`, DEMO_PASSWORD)
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
})
