import { jwt } from '@elysiajs/jwt'
import type { Clock } from '../kernel/clock'
import { isUuid, newId } from '../kernel/ids'

/** Access tokens: JWT (RFC 7519) signed with HS256; algorithm, issuer, audience and expiry are pinned. */

export type VerifiedToken = Readonly<{ userId: string; expiresAt: Date }>

export type Tokens = Readonly<{
  ttlSeconds: number
  sign(userId: string): Promise<string>
  /** Null for anything but a good token of this service. */
  verify(token: string): Promise<VerifiedToken | null>
}>

export type TokenOptions = Readonly<{
  secret: string
  /** Still verifies while keys rotate; signs nothing. */
  secretPrevious: string | null
  ttlSeconds: number
  clock: Clock
}>

const ISSUER = 'stories-service'
const AUDIENCE = 'stories-api'
const TOKEN_LENGTH_MAX = 2048
const REMEMBERED_MAX = 20_000

const signerOf = (secret: string) => jwt({ name: 'jwt', secret, alg: 'HS256' }).decorator.jwt

export function createTokens(options: TokenOptions): Tokens {
  const { clock, ttlSeconds } = options
  const current = signerOf(options.secret)
  const verifiers = [current, ...(options.secretPrevious === null ? [] : [signerOf(options.secretPrevious)])]
  /** Digest of a token to what it says: a signature check is the dearest step of a warm request. */
  const remembered = new Map<string, VerifiedToken>()

  const check = async (token: string): Promise<VerifiedToken | null> => {
    for (const verifier of verifiers) {
      const payload = await verifier.verify(token, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: AUDIENCE,
        currentDate: clock.now(),
        requiredClaims: ['sub', 'iat', 'exp', 'jti'],
      })
      if (payload !== false && typeof payload.sub === 'string' && isUuid(payload.sub)) {
        return { userId: payload.sub.toLowerCase(), expiresAt: new Date(Number(payload.exp) * 1000) }
      }
    }
    return null
  }

  return {
    ttlSeconds,
    sign: (userId) =>
      current.sign({
        sub: userId,
        iss: ISSUER,
        aud: AUDIENCE,
        jti: newId(),
        exp: Math.floor(clock.now().getTime() / 1000) + ttlSeconds,
      }),
    async verify(token) {
      if (token.length > TOKEN_LENGTH_MAX) return null
      const digest = Bun.CryptoHasher.hash('sha256', token, 'base64')
      const known = remembered.get(digest)
      if (known !== undefined) {
        if (known.expiresAt > clock.now()) return known
        remembered.delete(digest)
        return null
      }
      const verified = await check(token)
      if (verified === null) return null
      if (remembered.size >= REMEMBERED_MAX) {
        const oldest = remembered.keys().next().value
        if (oldest !== undefined) remembered.delete(oldest)
      }
      remembered.set(digest, verified)
      return verified
    },
  }
}
