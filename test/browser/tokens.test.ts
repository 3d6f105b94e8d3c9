import { describe, expect, test } from 'bun:test'
import type { Session } from '../../web/api-types.ts'
import { makePerson } from './support/people.ts'
import { setStage, untilLive } from './support/stage.ts'

const stage = setStage({ ACCESS_TOKEN_TTL_SECONDS: '12', FEED_CACHE_SECONDS: '0' })

describe('tokens that end', () => {
  test('a token that ends mid-session is exchanged once for all tabs, and the stream goes on', async () => {
    const author = await makePerson(stage.url(), 'token')
    const story = await author.post({ text: 'Longer than a token' })
    const page = await stage.visit(author)
    const statuses: number[] = []
    const spent: string[] = []
    page.context().on('response', (answer) => {
      if (answer.url().endsWith('/auth/refresh')) statuses.push(answer.status())
    })
    page.context().on('request', (request) => {
      if (request.url().endsWith('/auth/refresh')) spent.push(request.postDataJSON().refresh_token)
    })
    const second = await stage.tab(page, '/#mine')
    await untilLive(second)
    // Both tabs ask at the same moments, so both find the token old at the same moment.
    for (let round = 0; statuses.length < 3; round += 1) {
      const [screen, path] = round % 2 === 0 ? ['stats', '/me/stats'] : ['people', '/me/following']
      const asked = [page, second].map((tab) =>
        tab.waitForResponse((answer) => answer.url().includes(path), { timeout: 40_000 }),
      )
      const open = (tab: typeof page) =>
        tab.evaluate((name) => {
          location.hash = name
        }, screen)
      await Promise.all([page, second].map(open))
      await Promise.all(asked)
      expect(statuses.filter((status) => status !== 200)).toEqual([])
    }
    expect(statuses.every((status) => status === 200)).toBe(true)
    expect(new Set(spent).size).toBe(spent.length)
    const fan = await makePerson(stage.url(), 'fan')
    await fan.call('POST', `/stories/${story.id}/reactions`, { emoji: '❤️' })
    await page.getByRole('complementary', { name: 'Activity' }).getByText('reacted ❤️').waitFor()
  })

  test('who logs out while a token is exchanged stays logged out, and the late session is ended', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'leaver'))
    const asked = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    let late = ''
    await page.route('**/auth/refresh', async (route) => {
      const answer = await route.fetch()
      late = ((await answer.json()) as Session).refresh_token
      asked.resolve()
      await left.promise
      await route.fulfill({ response: answer })
    })
    await asked.promise
    const ended = page.waitForRequest(
      (request) => request.url().endsWith('/auth/logout') && request.postDataJSON().refresh_token === late,
    )
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('heading', { name: 'Good to see you' }).waitFor()
    left.resolve()
    await ended
    expect(await page.evaluate(() => localStorage.getItem('stories.session'))).toBeNull()
    await page.getByRole('heading', { name: 'Good to see you' }).waitFor()
  })

  test('a session that was ended elsewhere leads to the door', async () => {
    const person = await makePerson(stage.url(), 'ended')
    const page = await stage.visit(person)
    await untilLive(page)
    const body = JSON.stringify({ refresh_token: person.session.refresh_token })
    await fetch(`${stage.url()}/auth/logout`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json' },
    })
    await page.getByRole('heading', { name: 'Good to see you' }).waitFor({ timeout: 30_000 })
  })
})
