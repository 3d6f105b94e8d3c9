import { expect, test } from 'bun:test'
import { shorten } from '../../web/parts/activity-panel.ts'
import { shortCount, timeLeft } from '../../web/time.ts'

test.each([
  [999, '999'],
  [1200, '1.2k'],
  [999_499, '999k'],
  [999_500, '1M'],
  [999_999, '1M'],
  [3_400_000, '3.4M'],
])('%d is short as %s', (count, words) => expect(shortCount(count)).toBe(words))

test.each([
  [86_399_000, '24 h left'],
  [5_460_000, '2 h left'],
  [3_600_000, '1 h left'],
  [3_599_000, '59 min left'],
  [60_000, '1 min left'],
  [59_001, '60 s left'],
  [0, 'ended'],
])('a story with %d ms to live has %s', (ms, words) => {
  expect(timeLeft(new Date(ms).toISOString(), 0)).toBe(words)
})

test('an excerpt never cuts a character in half', () => {
  expect(shorten(`${'a'.repeat(39)}🔥`)).toBe(`${'a'.repeat(39)}🔥`)
  expect(shorten(`${'a'.repeat(39)}🔥🔥`)).toBe(`${'a'.repeat(39)}🔥…`)
})
