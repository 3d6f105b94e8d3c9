import { describe, expect, test } from 'bun:test'
import { bucketsOf, chooseRoute, NEAR, NEAR_COMMON, widen } from './rules'

const NOON = new Date('2026-01-05T12:00:00.000Z')
const QUARTER_PAST = new Date('2026-01-05T12:14:59.000Z')

describe('where a search looks', () => {
  test('a very common word: among the newest stories', () => {
    expect(chooseRoute({ near: NEAR, recent: 0, newest: NOON })).toEqual({ kind: 'walk' })
    expect(chooseRoute({ near: NEAR_COMMON, recent: 0, newest: NOON })).toEqual({ kind: 'walk' })
  })
  test('where there is nothing but one’s own: there, however many match elsewhere', () => {
    expect(chooseRoute({ near: 0, recent: 0, newest: null })).toEqual({ kind: 'walk' })
  })
  test('a rare word: among all that match', () => {
    expect(chooseRoute({ near: 0, recent: 0, newest: NOON })).toEqual({ kind: 'all' })
    expect(chooseRoute({ near: 0, recent: 3, newest: NOON })).toEqual({ kind: 'all' })
    expect(chooseRoute({ near: 1, recent: 20, newest: NOON })).toEqual({ kind: 'all' })
  })
  test('a word in between: as many quarters as hold twice what is ranked', () => {
    expect(chooseRoute({ near: 2, recent: 1000, newest: NOON })).toEqual({ kind: 'window', buckets: 3 })
    expect(chooseRoute({ near: 2, recent: 200, newest: NOON })).toEqual({ kind: 'window', buckets: 11 })
    // Nearly half an hour was counted, so each quarter holds half as many.
    expect(chooseRoute({ near: 2, recent: 200, newest: QUARTER_PAST })).toEqual({
      kind: 'window',
      buckets: 20,
    })
  })
  test('further back when the viewer may see too few of them', () => {
    expect(widen(3, 500)).toEqual({ kind: 'window', buckets: 12 })
    expect(widen(3, 10)).toEqual({ kind: 'window', buckets: 24 })
    expect(widen(3, 999)).toEqual({ kind: 'window', buckets: 7 })
  })
  test('everywhere when that is too far back, or nearly none was seen', () => {
    expect(widen(20, 500)).toEqual({ kind: 'all' })
    expect(widen(3, 3)).toEqual({ kind: 'all' })
  })
  test('goes on further each time, so that it ends', () => {
    for (let buckets = 1; buckets <= 48; buckets++) {
      const next = widen(buckets, 999)
      if (next.kind === 'window') expect(next.buckets).toBeGreaterThan(buckets)
    }
  })
  test('names quarters back from the newest story, and those since, in which there may be private ones', () => {
    const at = (quarter: number) => new Date(quarter * 900_000)
    expect(bucketsOf(2, at(7), at(7))).toEqual([7, 6])
    expect(bucketsOf(1, new Date(at(8).getTime() - 1), at(9))).toEqual([9, 8, 7])
    expect(bucketsOf(1, at(7), at(700))).toBeNull()
  })
})
