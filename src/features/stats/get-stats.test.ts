import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { EMOJI } from '../../kernel/emoji'
import { summarize } from './get-stats'
import type { DayRow } from './store'

const FROM = new Date('2026-02-26T00:00:00.000Z')
const TO = new Date('2026-03-04T12:00:00.000Z')
const DAYS = [
  '2026-02-26',
  '2026-02-27',
  '2026-02-28',
  '2026-03-01',
  '2026-03-02',
  '2026-03-03',
  '2026-03-04',
]
const row = (day: string, some: Partial<DayRow> = {}): DayRow => ({
  day,
  posted: 0,
  views: 0,
  lastViewers: 0,
  reactions: [0, 0, 0, 0, 0, 0],
  ...some,
})
const count = fc.nat({ max: 1000 })
const anyRow = (day: string) =>
  fc.record({
    day: fc.constant(day),
    posted: count,
    views: count,
    lastViewers: count,
    reactions: fc.array(count, { minLength: 6, maxLength: 6 }),
  })

describe('summarize', () => {
  test('has seven days in order, with zeros where nothing happened', () => {
    const stats = summarize([], FROM, TO)
    expect(stats.days).toEqual(DAYS.map((date) => ({ date, posted: 0, views: 0, reactions: 0 })))
    expect(Object.keys(stats.reactions)).toEqual([...EMOJI])
    expect([stats.from, stats.to]).toEqual([FROM.toISOString(), TO.toISOString()])
  })
  test('leaves out what lies outside the seven days', () => {
    const stats = summarize([row('2026-02-25', { views: 9 }), row('2026-03-05', { posted: 9 })], FROM, TO)
    expect([stats.views, stats.posted, stats.unique_viewers]).toEqual([0, 0, 0])
  })
  test('the totals are what the days add up to', () => {
    fc.assert(
      fc.property(fc.tuple(...DAYS.map(anyRow)), (rows) => {
        const stats = summarize(rows, FROM, TO)
        const total = (of: (day: (typeof stats.days)[number]) => number) =>
          stats.days.reduce((sum, day) => sum + of(day), 0)
        expect(stats.posted).toBe(total((day) => day.posted))
        expect(stats.views).toBe(total((day) => day.views))
        expect(Object.values(stats.reactions).reduce((a, b) => a + b, 0)).toBe(total((day) => day.reactions))
        expect(stats.unique_viewers).toBe(rows.reduce((sum, { lastViewers }) => sum + lastViewers, 0))
      }),
    )
  })
  test('crosses the end of a month and a leap day', () => {
    const stats = summarize([], new Date('2028-02-25T00:00:00Z'), new Date('2028-03-02T00:00:00Z'))
    expect(stats.days.map(({ date }) => date.slice(5))).toEqual([
      '02-25',
      '02-26',
      '02-27',
      '02-28',
      '02-29',
      '03-01',
      '03-02',
    ])
  })
})
