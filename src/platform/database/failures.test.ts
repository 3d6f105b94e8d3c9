import { describe, expect, test } from 'bun:test'
import { brokenConstraint, isDatabaseDown } from './failures'

const failure = (code: string, more: object = {}) => Object.assign(new Error('failed'), { code, ...more })
const wrapped = (error: Error) => new Error('Failed query', { cause: error })

describe('isDatabaseDown', () => {
  test.each([
    'ECONNREFUSED',
    'CONNECTION_CLOSED',
    'CONNECT_TIMEOUT',
    '57P01',
    '53300',
    '08006',
    '25006',
    '57014',
  ])('%s: it is away, or takes no work now', (code) => {
    expect(isDatabaseDown(failure(code))).toBe(true)
    expect(isDatabaseDown(wrapped(failure(code)))).toBe(true)
  })
  test.each(['23505', '22P02', '42601', '42P01', ''])('"%s": the statement was wrong', (code) => {
    expect(isDatabaseDown(failure(code))).toBe(false)
  })
  test('nothing else is', () => {
    for (const error of [null, undefined, 'ECONNREFUSED', new Error('x'), { code: 'ECONNREFUSED' }]) {
      expect(isDatabaseDown(error)).toBe(false)
    }
  })
})

describe('brokenConstraint', () => {
  test('names the unique or foreign key constraint, also behind the driver’s wrapper', () => {
    const unique = failure('23505', { constraint_name: 'users_email_unique' })
    expect(brokenConstraint(wrapped(unique))).toBe('users_email_unique')
    expect(brokenConstraint(failure('23503', { constraint_name: 'f' }))).toBe('f')
  })
  test('is null for every other failure', () => {
    for (const error of [
      failure('23514', { constraint_name: 'c' }),
      failure('23505'),
      new Error('x'),
      null,
    ]) {
      expect(brokenConstraint(error)).toBeNull()
    }
  })
})
