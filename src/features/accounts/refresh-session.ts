import type { AppContext } from '../../context'
import { AppError } from '../../kernel/errors'
import { hashRefreshToken, issueSession } from './issue-session'
import type { Session } from './schema'

type Deps = Pick<AppContext, 'clock' | 'config' | 'tokens' | 'stores' | 'transact' | 'activity'>

/**
 * Spends a refresh token for a new session of the same family. A token used twice means that two hold it, so the whole
 * family ends (RFC 9700, section 4.14.2).
 *
 * @param limit takes from the family's bucket, before anything of it is locked
 * @throws AppError `invalid_refresh_token`, and what `limit` throws
 */
export async function refreshSession(
  ctx: Deps,
  refreshToken: string,
  requestId: string,
  limit: (familyId: string) => Promise<void>,
): Promise<Session> {
  const tokenHash = hashRefreshToken(refreshToken)
  const family = await ctx.stores.accounts.findFamily(tokenHash)
  if (family !== null) await limit(family.familyId)
  const outcome = await ctx.transact(async ({ accounts }) => {
    const now = ctx.clock.now()
    if (family !== null) await accounts.lockFamily(family.familyId)
    const row = await accounts.lockRefreshToken(tokenHash)
    if (row === null || row.revokedAt !== null || row.expiresAt <= now)
      return { refused: 'refused', userId: row?.userId } as const
    if (row.spentAt !== null) {
      const hasEnded = await accounts.revokeFamily(row.familyId, now)
      // What is left of a family that is over says nothing of who holds it.
      return { refused: hasEnded ? 'reused' : 'refused', userId: row.userId } as const
    }
    const user = await accounts.findUserById(row.userId)
    if (user === null) return { refused: 'refused', userId: row.userId } as const
    await accounts.spendRefreshToken(row.tokenHash, now)
    return { session: await issueSession(ctx, accounts, user, row.familyId) }
  })
  if (outcome.session !== undefined) {
    ctx.activity.auth({ requestId, userId: outcome.session.user.id }, 'refresh', 'ok')
    return outcome.session
  }
  ctx.activity.auth({ requestId, userId: outcome.userId }, 'refresh', outcome.refused)
  throw new AppError(
    'invalid_refresh_token',
    'The refresh token is not valid any more. Please log in again.',
    {
      headers: { 'WWW-Authenticate': 'Bearer' },
    },
  )
}

/** Ends the family of a refresh token; says nothing about whether there was one. */
export async function logOut(ctx: Deps, refreshToken: string, requestId: string): Promise<void> {
  const family = await ctx.transact(async ({ accounts }) => {
    const found = await accounts.findFamily(hashRefreshToken(refreshToken))
    if (found === null) return null
    await accounts.lockFamily(found.familyId)
    await accounts.revokeFamily(found.familyId, ctx.clock.now())
    return found
  })
  ctx.activity.auth({ requestId, userId: family?.userId }, 'logout', family === null ? 'refused' : 'ok')
}
