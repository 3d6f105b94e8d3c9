import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { EMOJI, emojiCounts, toEmoji } from './emoji'
import { isUuid, newId, newSecret } from './ids'
import { codePointLength, escapeHtml, isStorableText } from './text'

describe('text', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['😀', 1],
    ['e\u0301', 2],
    ['👨‍👩‍👧', 5],
  ])('"%s" has %d code points', (text, length) => {
    expect(codePointLength(text)).toBe(length)
  })
  test('is storable exactly when UTF-8 gives it back and it has no NUL', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\u0000', '\ud83d', '\ude00', 'é') }), (text) => {
        const isRoundTrip = new TextDecoder().decode(new TextEncoder().encode(text)) === text
        expect(isStorableText(text)).toBe(isRoundTrip && !text.includes('\u0000'))
      }),
    )
  })
  test('escaped for HTML has no character that means something there, and reads the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", 'a', ';') }), (text) => {
        const escaped = escapeHtml(text)
        expect(escaped).not.toMatch(/[<>"']/)
        const back = escaped
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&#39;', "'")
          .replaceAll('&amp;', '&')
        expect(back).toBe(text)
      }),
    )
  })
})

describe('emoji', () => {
  test('the six are themselves', () => {
    expect(EMOJI.map(toEmoji)).toEqual([...EMOJI])
    expect(new Set(EMOJI).size).toBe(6)
  })
  test('a heart with and without its variation selector is one heart', () => {
    expect(toEmoji('\u2764')).toBe('\u2764\ufe0f')
  })
  test.each(['👎', '', '👍🏽', '🔥 ', '❤️❤️', '\u2764\ufe0e', 'toString'])('"%s" is none', (text) => {
    expect(toEmoji(text)).toBeNull()
  })
  test('counts keep their order, and are zero when missing', () => {
    expect(Object.keys(emojiCounts([]))).toEqual([...EMOJI])
    expect(Object.values(emojiCounts([1, 2, 3]))).toEqual([1, 2, 3, 0, 0, 0])
  })
})

describe('ids', () => {
  test('are UUIDs of version 7, in the order of their making', () => {
    const ids = Array.from({ length: 2000 }, newId)
    expect(ids.every((id) => isUuid(id) && id[14] === '7')).toBe(true)
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(2000)
  })
  test('of other forms are none', () => {
    for (const text of ['', newId().slice(1), `${newId()}0`, newId().replaceAll('-', ''), `{${newId()}}`]) {
      expect(isUuid(text)).toBe(false)
    }
  })
  test('secrets are long and never the same', () => {
    expect(newSecret()).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(newSecret()).not.toBe(newSecret())
  })
})
