import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { decodeCursor, decodeTimeKey, encodeCursor, encodeTimeKey, isEpochMs, toPage } from './cursor'
import { newId } from './ids'

const anyMoment = fc.date({ min: new Date(0), max: new Date('5000-01-01'), noInvalidDate: true })
const invalid = expect.objectContaining({ code: 'invalid_cursor', status: 400 })

describe('cursors', () => {
  test('come back as they were, for every key', () => {
    fc.assert(
      fc.property(anyMoment, (at) => {
        const key = { at, id: newId() }
        expect(decodeTimeKey('feed', encodeTimeKey('feed', key))).toEqual(key)
      }),
    )
  })
  test('no cursor is the first page', () => {
    expect(decodeTimeKey('feed', undefined)).toBeNull()
  })
  test('of another list are refused', () => {
    const cursor = encodeTimeKey('feed', { at: new Date(0), id: newId() })
    expect(() => decodeTimeKey('mine', cursor)).toThrow(invalid)
  })
  test('with any character changed are refused or lead to a place, but break nothing', () => {
    const cursor = encodeTimeKey('feed', { at: new Date(0), id: newId() })
    fc.assert(
      fc.property(fc.nat({ max: cursor.length - 1 }), fc.constantFrom(...'AZaz09-_=|% '), (at, char) => {
        try {
          decodeTimeKey('feed', cursor.slice(0, at) + char + cursor.slice(at + 1))
        } catch (error) {
          expect(error).toEqual(invalid)
        }
      }),
    )
  })
  test('that are any text are refused', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeTimeKey('feed', text)).toThrow(invalid)
      }),
    )
  })
  const id = newId()
  test.each([
    ['a moment that is no number', ['soon', id]],
    ['a negative moment', ['-1', id]],
    ['a moment beyond all dates', ['999999999999999', id]],
    ['no id', ['1']],
    ['an id that is none', ['1', 'x']],
    ['one part too many', ['1', id, id]],
  ])('with %s are refused', (_, parts) => {
    expect(() => decodeTimeKey('feed', encodeCursor('feed', parts))).toThrow(invalid)
  })
  test('have one spelling', () => {
    const cursor = encodeCursor('t', ['1'])
    expect(() => decodeCursor('t', `${cursor}A`, [isEpochMs])).toThrow(invalid)
  })
})

describe('toPage', () => {
  test('shows `limit` rows, and has a cursor exactly when there is more', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), fc.integer({ min: 1, max: 10 }), (all, limit) => {
        const rows = all.slice(0, limit + 1)
        const page = toPage(rows, limit, (row) => row * 2, String)
        expect(page.items).toEqual(rows.slice(0, limit).map((row) => row * 2))
        expect(page.next_cursor).toBe(rows.length > limit ? String(rows[limit - 1]) : null)
      }),
    )
  })
})
