import { describe, expect, test } from 'bun:test'
import { makePerson } from './support/people.ts'
import { setStage, untilLive } from './support/stage.ts'

const FIRST_LOAD_BYTES_MAX = 60 * 1024
const stage = setStage({ FEED_CACHE_SECONDS: '0' })

async function assetPaths(): Promise<string[]> {
  const html = await (await fetch(stage.url())).text()
  return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '')
}

describe('what the browser is sent', () => {
  test('the first load is at most 60 KB gzipped', async () => {
    let bytes = 0
    for (const path of ['/', ...(await assetPaths())]) {
      const answer = await fetch(stage.url() + path, {
        headers: { 'Accept-Encoding': 'gzip' },
        decompress: false,
      })
      bytes += (await answer.arrayBuffer()).byteLength
    }
    expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX)
  })

  test('assets are hashed and kept for good, the page is revalidated', async () => {
    for (const path of await assetPaths()) {
      expect(path).toMatch(/-[0-9a-f]{10}\.\w+$/)
      const answer = await fetch(stage.url() + path)
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    }
    const page = await fetch(stage.url())
    const etag = page.headers.get('etag') ?? ''
    expect(page.headers.get('cache-control')).toBe('no-cache')
    expect((await fetch(stage.url(), { headers: { 'If-None-Match': etag } })).status).toBe(304)
    expect((await fetch(stage.url(), { method: 'HEAD' })).status).toBe(200)
  })

  test('the policy allows no inline script, and what a user wrote is never markup', async () => {
    const policy = (await fetch(stage.url())).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe-inline')
    const person = await makePerson(stage.url(), 'markup')
    const nasty = '<img src=x onerror="document.title=1"> & <mark>mine</mark> zebra'
    await person.post({ text: nasty })
    const page = await stage.visit(person)
    await page.getByText(nasty).first().waitFor()
    await page.goto(`${stage.url()}/#search`)
    await page.getByLabel('Search stories').fill('zebra')
    await page.locator('.result-words').filter({ hasText: nasty }).waitFor()
    expect(await page.locator('.result-words mark').allInnerTexts()).toEqual(['zebra'])
    expect(await page.locator('img[src="x"]').count()).toBe(0)
  })

  test('the links for engineers lead somewhere', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'links'))
    await untilLive(page)
    const links = page.getByRole('navigation', { name: 'For engineers' }).first().getByRole('link')
    const paths = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
    expect(paths).toEqual(['#demo', '/docs', '/metrics', '/healthz'])
    for (const path of paths.slice(1)) expect((await fetch(stage.url() + path)).status).toBe(200)
  })
})
