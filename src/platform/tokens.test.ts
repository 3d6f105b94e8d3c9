import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { ava } from '../../test/support/cast'
import { fakeClock, NOON } from '../../test/support/fakes/clock'
import { createTokens } from './tokens'

const SECRET = 'a'.repeat(32)
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const nowSeconds = NOON.getTime() / 1000
const CLAIMS = {
  sub: ava.id,
  iat: nowSeconds,
  exp: nowSeconds + 60,
  iss: 'stories-service',
  aud: 'stories-api',
  jti: 'j1',
}
/** A token made by hand, right but for what is changed. */
function forge(claims: object = {}, header: object = {}, secret = SECRET, hash = 'sha256'): string {
  const signed = `${encode({ alg: 'HS256', ...header })}.${encode({ ...CLAIMS, ...claims })}`
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}
function setUp(secretPrevious: string | null = null, secret = SECRET) {
  const clock = fakeClock()
  return { clock, tokens: createTokens({ secret, secretPrevious, ttlSeconds: 900, clock }) }
}

describe('access tokens', () => {
  test('say who, and until when', () => {
    const { tokens } = setUp()
    const verified = tokens.verify(tokens.sign(ava.id))
    expect(verified).toEqual({ userId: ava.id, expiresAt: new Date(NOON.getTime() + 900_000) })
  })
  test('carry the claims of the contract', () => {
    const { tokens } = setUp()
    const [header = '', payload = ''] = tokens.sign(ava.id).split('.')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString()).alg).toBe('HS256')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sub'])
  })
  test('end with their time, also those that were verified before', () => {
    const { tokens, clock } = setUp()
    const token = tokens.sign(ava.id)
    clock.advance(899)
    expect(tokens.verify(token)).not.toBeNull()
    clock.advance(1)
    expect(tokens.verify(token)).toBeNull()
  })
  test('made right by hand are good: the cases below fail for the reason they name', () => {
    expect(setUp().tokens.verify(forge())).not.toBeNull()
  })
  test.each([
    ['no signature', `${forge({}, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`],
    ['another algorithm', forge({}, { alg: 'HS512' }, SECRET, 'sha512')],
    ['another secret', forge({}, {}, 'b'.repeat(32))],
    ['another issuer', forge({ iss: 'somebody' })],
    ['another audience', forge({ aud: 'admin' })],
    ['no issuer', forge({ iss: undefined })],
    ['no audience', forge({ aud: undefined })],
    ['no subject', forge({ sub: undefined })],
    ['a subject that is no id', forge({ sub: 'ava' })],
    ['no end', forge({ exp: undefined })],
    ['an end that is no number', forge({ exp: String(nowSeconds + 60) })],
    ['an end beyond all time', forge({ exp: 1e300 })],
    ['a beginning that is no number', forge({ iat: 'x' })],
    ['no id of its own', forge({ jti: undefined })],
    ['a time before its beginning', forge({ nbf: nowSeconds + 30 })],
    ['an end in the past', forge({ exp: nowSeconds })],
    ['a great length', `${forge()}${'a'.repeat(2048)}`],
    ['nothing', ''],
  ])('with %s are refused', (_, token) => {
    expect(setUp().tokens.verify(token)).toBeNull()
  })
  test('with anything changed are refused', () => {
    const { tokens } = setUp()
    const token = tokens.sign(ava.id)
    // The last character of a part has bits that say nothing.
    const at = fc.nat({ max: token.length - 2 }).filter((i) => token[i] !== '.' && token[i + 1] !== '.')
    fc.assert(
      fc.property(at, fc.constantFrom('A', 'z', '0', '.', '_'), (i, char) => {
        fc.pre(token[i] !== char)
        expect(tokens.verify(token.slice(0, i) + char + token.slice(i + 1))).toBeNull()
      }),
      { numRuns: 60 },
    )
  })
  test('of the secret before stay good while keys rotate, and new ones use the new secret', () => {
    const old = setUp().tokens.sign(ava.id)
    const { tokens } = setUp(SECRET, 'n'.repeat(32))
    expect(tokens.verify(old)).not.toBeNull()
    expect(setUp().tokens.verify(tokens.sign(ava.id))).toBeNull()
    expect(setUp(null, 'n'.repeat(32)).tokens.verify(old)).toBeNull()
  })
})
