import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { makePerson } from './support/people.ts'
import { setStage, untilLive } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

test('in a browser without locks, each of two tabs shows each event once', async () => {
  const [author, fan] = await Promise.all([makePerson(stage.url(), 'bare'), makePerson(stage.url(), 'fan')])
  const story = await author.post({ text: 'Seen in two tabs' })
  const first = await stage.visit(author, { path: '/healthz' })
  await first.context().addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
  })
  await first.goto(stage.url())
  const second = await stage.tab(first)
  const tabs: readonly Page[] = [first, second]
  await Promise.all(tabs.map(untilLive))
  await fan.call('POST', `/stories/${story.id}/view`)
  const rows = tabs.map((tab) => tab.getByRole('complementary', { name: 'Activity' }).getByRole('listitem'))
  await Promise.all(rows.map((row) => row.filter({ hasText: 'saw' }).first().waitFor()))
  await fan.call('POST', `/stories/${story.id}/reactions`, { emoji: '👍' })
  await Promise.all(rows.map((row) => row.filter({ hasText: 'reacted' }).first().waitFor()))
  for (const row of rows) expect(await row.filter({ hasText: 'saw' }).count()).toBe(1)
})
