import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../kernel/errors'
import { codePointLength } from '../../kernel/text'
import { AUDIENCE_MAX, planStory, type StoryInput, storyTimes, TEXT_LENGTH_MAX } from './rules'

const NOW = new Date('2026-03-04T12:00:00.000Z')
const AVA = '019c0000-0000-7000-8000-000000000001'
const plan = (input: Partial<StoryInput>) => planStory({ visibility: 'public', text: 'hi', ...input }, AVA)

/** The code of the refusal, or null when the input is fine. */
const refusalOf = (input: Partial<StoryInput>): string | null => {
  try {
    plan(input)
    return null
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

describe('planStory', () => {
  test('ends a story ttl seconds after its making', () => {
    expect(storyTimes(NOW, 60)).toEqual({ createdAt: NOW, expiresAt: new Date(NOW.getTime() + 60_000) })
  })
  test('trims the text, and takes empty text for none', () => {
    expect(plan({ text: '  a b\n' }).text).toBe('a b')
    expect(plan({ text: '  ', media_key: 'media/x' }).text).toBeNull()
    expect(refusalOf({ text: ' \t\u00a0' })).toBe('validation_failed')
  })
  test('counts code points after trimming, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 520 }), (text) => {
        const length = codePointLength(text.trim())
        const isFine = length >= 1 && length <= TEXT_LENGTH_MAX && !text.includes('\u0000')
        expect(refusalOf({ text }) === null).toBe(isFine)
      }),
    )
  })
  test.each([
    ['500 emoji', '😀'.repeat(500), null],
    ['501 emoji', '😀'.repeat(501), 'validation_failed'],
    ['500 letters among spaces', ` ${'x'.repeat(500)} `, null],
    ['a NUL', 'a\u0000b', 'validation_failed'],
    ['half of a surrogate pair', 'a\ud83d', 'validation_failed'],
  ])('%s', (_, text, refusal) => {
    expect(refusalOf({ text })).toBe(refusal)
  })
  test('an audience goes with friends only', () => {
    const audience_user_ids = ['019c0000-0000-7000-8000-000000000002']
    expect(refusalOf({ visibility: 'friends', audience_user_ids })).toBeNull()
    expect(refusalOf({ visibility: 'public', audience_user_ids })).toBe('audience_not_allowed')
    expect(refusalOf({ visibility: 'private', audience_user_ids })).toBe('audience_not_allowed')
  })
  test('an audience has 1 to 500 people', () => {
    const ids = (count: number) => Array.from({ length: count }, (_, i) => `id-${i}`)
    const refusal = (count: number) => refusalOf({ visibility: 'friends', audience_user_ids: ids(count) })
    expect([refusal(0), refusal(1), refusal(AUDIENCE_MAX), refusal(AUDIENCE_MAX + 1)]).toEqual([
      'validation_failed',
      null,
      null,
      'validation_failed',
    ])
  })
  test('an audience of the author alone is an audience of nobody, not none', () => {
    expect(plan({ visibility: 'friends', audience_user_ids: [AVA.toUpperCase()] }).audience).toEqual([])
    expect(plan({ visibility: 'friends' }).audience).toBeNull()
  })
})
