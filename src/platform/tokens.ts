import { createSigner, createVerifier } from 'fast-jwt'
import type { Clock } from '../kernel/clock'
import { isUuid, newId } from '../kernel/ids'

/** Access tokens: JWT (RFC 7519) signed with HS256; algorithm, issuer, audience and expiry are pinned. */

export type VerifiedToken = Readonly<{ userId: string; expiresAt: Date }>

export type Tokens = Readonly<{
  ttlSeconds: number
  sign(userId: string): string
  /** Null for anything but a good token of this service. */
  verify(token: string): VerifiedToken | null
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

/** A claim that is not asked for is not judged either: without these a token could leave out its issuer. */
const CLAIMS = ['iss', 'aud', 'sub', 'iat', 'exp', 'jti']

export function createTokens(options: TokenOptions): Tokens {
  const { clock, ttlSeconds } = options
  const secrets = [options.secret, ...(options.secretPrevious === null ? [] : [options.secretPrevious])]
  const signer = createSigner({ key: options.secret, algorithm: 'HS256' })
  /** What a token says, by all of it: its signature was good, and checking it again costs more than looking here. */
  const remembered = new Map<string, VerifiedToken>()

  const remember = (token: string, verified: VerifiedToken) => {
    if (remembered.size >= REMEMBERED_MAX) {
      const oldest = remembered.keys().next().value
      if (oldest !== undefined) remembered.delete(oldest)
    }
    remembered.set(token, verified)
  }

  const check = (token: string): VerifiedToken | null => {
    for (const key of secrets) {
      const payload = payloadOf(token, key, clock.now())
      if (payload === null) continue
      const { sub, iat, exp } = payload
      if (typeof sub !== 'string' || !isUuid(sub) || typeof iat !== 'number') continue
      return { userId: sub.toLowerCase(), expiresAt: new Date(Number(exp) * 1000) }
    }
    return null
  }

  return {
    ttlSeconds,
    sign(userId) {
      const iat = Math.floor(clock.nowMs() / 1000)
      return signer({ sub: userId, iss: ISSUER, aud: AUDIENCE, jti: newId(), iat, exp: iat + ttlSeconds })
    },
    verify(token) {
      if (token.length > TOKEN_LENGTH_MAX) return null
      const known = remembered.get(token)
      const verified = known ?? check(token)
      if (verified === null) return null
      // Not the other way round, as a time beyond all dates is neither before nor after.
      if (!(verified.expiresAt.getTime() > clock.nowMs())) {
        remembered.delete(token)
        return null
      }
      if (known === undefined) remember(token, verified)
      return verified
    },
  }
}

/** What a good token says; null when it is not of this key, or not for now. */
function payloadOf(token: string, key: string, now: Date): Record<string, unknown> | null {
  try {
    return createVerifier({
      key,
      algorithms: ['HS256'],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      requiredClaims: CLAIMS,
      clockTimestamp: now.getTime(),
    })(token)
  } catch {
    return null
  }
}
