import { expect, test } from 'bun:test'
import { shorten } from '../../web/parts/activity-panel.ts'
import { shortCount } from '../../web/time.ts'

test.each([
  [999, '999'],
  [1200, '1.2k'],
  [999_499, '999k'],
  [999_500, '1M'],
  [999_999, '1M'],
  [3_400_000, '3.4M'],
])('%d is short as %s', (count, words) => expect(shortCount(count)).toBe(words))

test('an excerpt never cuts a character in half', () => {
  expect(shorten(`${'a'.repeat(39)}🔥`)).toBe(`${'a'.repeat(39)}🔥`)
  expect(shorten(`${'a'.repeat(39)}🔥🔥`)).toBe(`${'a'.repeat(39)}🔥…`)
})
