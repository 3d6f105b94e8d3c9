import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../kernel/errors'
import { handleFromEmail, handleWithSuffix, normalizeEmail, planSignUp, type SignUpInput } from './rules'

const GOOD = { email: 'ava@example.com', password: 'correct horse' }
const fieldsRefused = (input: Partial<SignUpInput>): string[] => {
  try {
    planSignUp({ ...GOOD, ...input })
    return []
  } catch (error) {
    if (error instanceof AppError) return error.fields.map(({ field }) => field)
    throw error
  }
}

describe('planSignUp', () => {
  test.each([
    'ava@example.com',
    'a.v+a@mail.example.co',
    "o'neil@example.com",
    'ava@xn--bcher-kva.example',
    ' AVA@Example.com ',
    `${'a'.repeat(242)}@example.com`,
    `${'🔑'.repeat(242)}@example.com`,
  ])('takes the email %s', (email) => {
    expect(fieldsRefused({ email })).toEqual([])
  })
  test.each([
    '',
    'ava',
    '@example.com',
    'ava@',
    'ava@localhost',
    'ava@example..com',
    'ava@-example.com',
    'a b@example.com',
    'ava@exa mple.com',
    'ava@@example.com',
    'a\u0000@example.com',
    '"a"@example.com',
    `${'a'.repeat(243)}@example.com`,
    `${'🔑'.repeat(243)}@example.com`,
  ])('refuses the email "%s"', (email) => {
    expect(fieldsRefused({ email })).toEqual(['email'])
  })
  test.each([
    [7, true],
    [8, false],
    [128, false],
    [129, true],
  ])('a password of %d characters, each an emoji: refused %p', (length, isRefused) => {
    expect(fieldsRefused({ password: '🔑'.repeat(length) })).toEqual(isRefused ? ['password'] : [])
  })
  test('keeps the spaces of a password', () => {
    expect(planSignUp({ ...GOOD, password: '  spaces  ' }).password).toBe('  spaces  ')
  })
  test.each(['av', 'x'.repeat(31), 'Ava', 'a-b', 'a.b', 'ävä', ''])('refuses the handle "%s"', (handle) => {
    expect(fieldsRefused({ handle })).toEqual(['handle'])
  })
  test('answers in bounded time for any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        fieldsRefused({ email: `${text}@${text}`, password: text, handle: text })
      }),
    )
    // Texts on which a careless pattern would try every split.
    expect(fieldsRefused({ email: `a@${'a.'.repeat(20_000)}` })).toEqual(['email'])
    expect(fieldsRefused({ email: `a@${'a-'.repeat(100)}!` })).toEqual(['email'])
  })
})

describe('made handles', () => {
  test.each([
    ['ava@example.com', 'ava'],
    ['Ava.Lind@example.com', 'ava_lind'],
    ['_ava_@example.com', 'ava'],
    ['a@example.com', 'user_a'],
    ['é@example.com', 'user'],
    [`${'x'.repeat(40)}@example.com`, 'x'.repeat(30)],
  ])('from %s: %s', (email, handle) => {
    expect(handleFromEmail(email)).toBe(handle)
  })
  test('are acceptable, whatever the email, with a suffix too', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat({ max: 999_999_999 }), (text, number) => {
        const handle = handleFromEmail(normalizeEmail(text))
        expect(fieldsRefused({ handle })).toEqual([])
        expect(fieldsRefused({ handle: handleWithSuffix(handle, String(number)) })).toEqual([])
      }),
    )
  })
})
