/** Who is signed in, and a token that is good for the next call. */
import type { Session as SessionAnswer, User } from './api-types.ts'
import type { Send } from './http.ts'
import { ApiProblem, toProblem } from './problem.ts'
import type { Vault } from './vault.ts'

export type StoredSession = {
  user: User
  access_token: string
  refresh_token: string
  expires_at_ms: number
  lifetime_ms: number
}

export type Session = ReturnType<typeof createSession>

/** The part of a token's life after which it is exchanged, so that it never ends during a call. */
const RENEW_AFTER_SHARE = 0.8

/** The problem of a call whose person is not the one who is signed in any more. */
export const signedOut = () => new ApiProblem(401, 'signed_out', 'The session has ended')

/**
 * Keeps a session in a vault and renews it. The refresh token is spent under the vault's lock, so that
 * tabs which find the token old at the same moment exchange it once.
 */
export function createSession(vault: Vault, send: Send) {
  const renewAtMs = (stored: StoredSession) =>
    stored.expires_at_ms - stored.lifetime_ms * (1 - RENEW_AFTER_SHARE)

  function keep(answer: SessionAnswer): StoredSession {
    const lifetimeMs = answer.expires_in * 1000
    const stored = {
      user: answer.user,
      access_token: answer.access_token,
      refresh_token: answer.refresh_token,
      expires_at_ms: Date.now() + lifetimeMs,
      lifetime_ms: lifetimeMs,
    }
    vault.write(stored)
    return stored
  }

  /** Ends the family of a refresh token on the service, if it can be reached. */
  async function endOnService(refreshToken: string): Promise<void> {
    await send('POST', '/auth/logout', { body: { refresh_token: refreshToken } }).catch(() => undefined)
  }

  async function exchange(userId: string | undefined, rejected: string | null): Promise<string> {
    const stored = vault.read()
    // With the token of who has logged in meanwhile, a call would be made in the wrong name.
    if (!stored || stored.user.id !== userId) throw signedOut()
    const usable = stored.access_token !== rejected && Date.now() < renewAtMs(stored)
    if (usable) return stored.access_token
    const body = { refresh_token: stored.refresh_token }
    const answer = await send<SessionAnswer>('POST', '/auth/refresh', { body }).catch(toProblem)
    if (vault.read()?.refresh_token !== stored.refresh_token) {
      // The person has logged out meanwhile, and nobody else would end the session that came too late.
      if (!(answer instanceof ApiProblem)) void endOnService(answer.refresh_token)
      return exchange(userId, rejected)
    }
    if (!(answer instanceof ApiProblem)) return keep(answer).access_token
    if (answer.status === 401) {
      vault.write(null)
      throw signedOut()
    }
    // An exchange that failed for another reason leaves a token that may still have some life in it.
    if (stored.access_token !== rejected && Date.now() < stored.expires_at_ms) return stored.access_token
    throw answer
  }

  return {
    /** The signed-in user, or null. */
    user: (): User | null => vault.read()?.user ?? null,

    /** A token for the next call; pass the one that was refused with 401 to get another. */
    async token(rejected: string | null = null): Promise<string> {
      const stored = vault.read()
      if (stored && stored.access_token !== rejected && Date.now() < renewAtMs(stored)) {
        return stored.access_token
      }
      return vault.exclusively(() => exchange(stored?.user.id, rejected))
    },

    /** Milliseconds until the present token is due for renewal. */
    renewInMs(): number {
      const stored = vault.read()
      return stored ? Math.max(0, renewAtMs(stored) - Date.now()) : 0
    },

    /** Begins a session from the answer of sign-up or log-in. */
    start: keep,

    /** Ends the session here at once, and on the service as soon as it answers. */
    async end(): Promise<void> {
      const stored = vault.read()
      vault.write(null)
      if (stored) await endOnService(stored.refresh_token)
    },

    onChange: vault.onChange,
  }
}
