import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { comparePositions, formatEventId, type Position, parseEventId, presentEventData } from './event-types'

const anyPosition: fc.Arbitrary<Position> = fc.record({
  xact: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  seq: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
})
const anyMoment = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })

describe('event ids', () => {
  test('say the position and the second again', () => {
    fc.assert(
      fc.property(anyPosition, anyMoment, (position, at) => {
        const id = parseEventId(formatEventId(position, at))
        expect(id).toEqual({ position, atSeconds: Math.floor(at.getTime() / 1000) })
      }),
    )
  })
  test('sort as text like their positions', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (a, b) => {
        const [idA, idB] = [formatEventId(a, new Date(0)), formatEventId(b, new Date(0))]
        expect(Math.sign(comparePositions(a, b))).toBe(idA === idB ? 0 : idA < idB ? -1 : 1)
      }),
    )
  })
  test('are one line of harmless characters', () => {
    fc.assert(
      fc.property(anyPosition, anyMoment, (position, at) => {
        expect(formatEventId(position, at)).toMatch(/^[0-9a-f-]{42}$/)
      }),
    )
  })
  test.each([
    '',
    '1',
    'null',
    `${'0'.repeat(16)}-${'0'.repeat(16)}-${'0'.repeat(9)}`,
    'G'.repeat(42),
    // More than the database can count to.
    `${'0'.repeat(16)}-8${'0'.repeat(15)}-${'0'.repeat(8)}`,
  ])('"%s" is none', (text) => {
    expect(parseEventId(text)).toBeNull()
  })
  test('in capitals or with something around them are none', () => {
    const id = formatEventId({ xact: 10n, seq: 11n }, new Date(12_000))
    for (const text of [id.toUpperCase(), ` ${id}`, `${id}\n`, `${id}0`])
      expect(parseEventId(text)).toBeNull()
  })
})

describe('presentEventData', () => {
  test('lets out the fields of the type, in their order, and no others', () => {
    const data = JSON.stringify({ secret: 1, viewed_at: 'c', viewer_id: 'b', story_id: 'a' })
    expect(presentEventData({ type: 'story.viewed', data })).toBe(
      '{"story_id":"a","viewer_id":"b","viewed_at":"c"}',
    )
  })
  test('keeps an emoji whole', () => {
    const data = JSON.stringify({ created_at: 'd', emoji: '❤️', user_id: 'b', story_id: 'a' })
    expect(JSON.parse(presentEventData({ type: 'story.reacted', data }))).toEqual({
      story_id: 'a',
      user_id: 'b',
      emoji: '❤️',
      created_at: 'd',
    })
  })
})
