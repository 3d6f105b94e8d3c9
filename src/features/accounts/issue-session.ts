import type { AppContext } from '../../context'
import { newId, newSecret } from '../../kernel/ids'
import { presentSession } from './present'
import type { Session } from './schema'
import type { AccountStore, UserRow } from './store'

type Deps = Pick<AppContext, 'clock' | 'config' | 'tokens'>

/** Only the digest of a refresh token is kept, so that a copy of the table opens no session. */
export const hashRefreshToken = (token: string): string =>
  new Bun.CryptoHasher('sha256').update(token).digest('base64url')

/** A new access token and a new refresh token of the given family (a login begins a family). */
export async function issueSession(
  ctx: Deps,
  store: Pick<AccountStore, 'insertRefreshToken'>,
  user: UserRow,
  familyId: string = newId(),
): Promise<Session> {
  const refreshToken = newSecret()
  const createdAt = ctx.clock.now()
  await store.insertRefreshToken({
    tokenHash: hashRefreshToken(refreshToken),
    familyId,
    userId: user.id,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + ctx.config.refreshTokenTtlSeconds * 1000),
  })
  const accessToken = ctx.tokens.sign(user.id)
  return presentSession(user, accessToken, refreshToken, ctx.tokens.ttlSeconds)
}
