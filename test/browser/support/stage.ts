/** A browser, a service and pages for the tests of one file; whatever a page complains about fails the test. */
import { afterAll, afterEach, beforeAll, expect } from 'bun:test'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { StoredSession } from '../../../web/session.ts'
import { launchChromium } from './chromium.ts'
import type { Person } from './people.ts'
import { type Service, startService, type Variables } from './service.ts'

export type Stage = {
  url(): string
  /** A browser of its own (storage, tabs), signed in as `person` if one is given. */
  visit(person?: Person | null, options?: BrowserContextOptions & { path?: string }): Promise<Page>
  /** Another tab of the same browser. */
  tab(page: Page, path?: string): Promise<Page>
}

export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const

/** Chromium reports every answer over 399 as an error of the page; those are the service's to judge. */
const EXPECTED = /Failed to load resource|net::ERR_/

/** Prepares a service with `variables` for the tests of the calling file. */
export function setStage(variables: Variables = {}): Stage {
  let browser: Browser
  let service: Service
  const contexts: BrowserContext[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    const both = await Promise.all([launchChromium(), startService(variables)])
    browser = both[0]
    service = both[1]
  })
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()))
    expect(complaints.splice(0)).toEqual([])
  })
  afterAll(async () => {
    await Promise.all([browser?.close(), service?.stop()])
  })

  function watch(page: Page): Page {
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) complaints.push(message.text())
    })
    return page
  }

  return {
    url: () => service.url,
    async visit(person = null, { path = '/', ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
      contexts.push(context)
      if (person) await keepSession(context, person)
      const page = watch(await context.newPage())
      await page.goto(`${service.url}${path}`)
      return page
    },
    async tab(page, path = '/') {
      const other = watch(await page.context().newPage())
      await other.goto(`${service.url}${path}`)
      return other
    },
  }
}

/** Puts the session where the client keeps it, as if the person had logged in before. */
async function keepSession(context: BrowserContext, { session }: Person): Promise<void> {
  const stored: StoredSession = {
    user: session.user,
    access_token: session.access_token,
    refresh_token: session.refresh_token,
    lifetime_ms: session.expires_in * 1000,
    expires_at_ms: endOf(session.access_token),
  }
  await context.addInitScript((text) => {
    if (location.protocol === 'http:' && !localStorage.getItem('stories.begun')) {
      localStorage.setItem('stories.begun', '1')
      localStorage.setItem('stories.session', text)
    }
  }, JSON.stringify(stored))
}

/** When a token ends: it may have been made a while before the page is opened. */
function endOf(token: string): number {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const { exp } = claims as { exp: number }
  return exp * 1000
}

/** Waits until the page says that its event stream is open. */
export async function untilLive(page: Page): Promise<void> {
  await page.locator('.live[data-state="live"]').first().waitFor({ state: 'attached' })
}

/** Waits until the page keeps a position of its event stream, one after `before`. @returns its id */
export async function untilPlaced(page: Page, person: Person, before = ''): Promise<string> {
  const name = `stories.position.${person.session.user.id}`
  const found = await page.waitForFunction(
    ([key, last]) => {
      const id: string = JSON.parse(localStorage.getItem(key) ?? '""')
      return id > last && id
    },
    [name, before] as const,
  )
  return found.jsonValue() as Promise<string>
}
