/** The side-by-side page in motion: post on the left, watch and react on the right, the events arrive. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { shrinkPng, writeFilm } from './shrink.ts'

const WORDS = 'Fresh bread in ten minutes. Who is coming?'

export async function filmSideBySide(browser: Browser, url: string, dir: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'film-'))
  const context = await browser.newContext({ viewport: { width: 1100, height: 820 }, colorScheme: 'light' })
  const page = await context.newPage()
  const frames: { file: string; ms: number }[] = []
  const take = async (ms: number) => {
    const file = join(folder, `${String(frames.length).padStart(3, '0')}.png`)
    await page.screenshot({ path: file })
    frames.push({ file, ms })
  }
  const takeMany = async (count: number, ms: number) => {
    for (let at = 0; at < count; at += 1) await take(ms)
  }
  try {
    await page.goto(`${url}/#demo`)
    const left = page.getByRole('region', { name: 'Left' })
    const right = page.getByRole('region', { name: 'Right' })
    await left.locator('.live[data-state="live"]').first().waitFor()
    await right.locator('.live[data-state="live"]').first().waitFor()
    await right.locator('.card').first().waitFor()
    await page.waitForTimeout(600)
    await take(1400)
    await left.getByRole('link', { name: 'New story' }).click()
    const text = left.getByLabel('Text')
    await text.waitFor()
    await page.waitForTimeout(400)
    await take(500)
    for (const part of WORDS.match(/.{1,9}/g) ?? []) {
      await text.pressSequentially(part)
      await take(160)
    }
    await take(600)
    await left.getByRole('button', { name: 'Post story' }).click()
    const card = right.getByRole('link', { name: new RegExp(WORDS.slice(0, 20)) })
    await card.waitFor()
    await page.waitForTimeout(500)
    await take(1500)
    await card.click()
    await right.getByRole('dialog').getByText(WORDS).first().waitFor()
    await left.locator('.toasts').getByText('@ben saw your story').waitFor()
    await page.waitForTimeout(300)
    await take(1500)
    await right.getByRole('button', { name: /^Love/ }).click()
    await takeMany(5, 110)
    await left.locator('.toasts').getByText('@ben reacted to your story').waitFor()
    await page.waitForTimeout(300)
    await shrinkPng(await page.screenshot(), join(dir, 'side-by-side.png'))
    await take(2600)
    await writeFilm(frames, join(dir, 'side-by-side.webp'))
  } finally {
    await context.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
