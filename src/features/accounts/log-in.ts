import type { AppContext } from '../../context'
import { AppError } from '../../kernel/errors'
import { codePointLength } from '../../kernel/text'
import { issueSession } from './issue-session'
import { normalizeEmail, PASSWORD_LENGTH_MAX } from './rules'
import type { Session } from './schema'

type Deps = Pick<AppContext, 'clock' | 'config' | 'tokens' | 'passwords' | 'stores' | 'activity'>

/**
 * A session for the right password. Unknown email and wrong password take the same time and give the same words, so
 * that nobody learns who has an account.
 *
 * @throws AppError `invalid_credentials`
 */
export async function logIn(
  ctx: Deps,
  input: { email: string; password: string },
  requestId: string,
): Promise<Session> {
  const email = normalizeEmail(input.email)
  // No account has such a password; hashing it would be work that a stranger chooses the size of.
  const couldBe = codePointLength(input.password) <= PASSWORD_LENGTH_MAX
  const user = await ctx.stores.accounts.findUserByEmail(email)
  const isRight = await ctx.passwords.verify(
    couldBe ? input.password : '',
    couldBe && user ? user.passwordHash : null,
  )
  if (user === null || !isRight) {
    ctx.activity.auth({ requestId, userId: user?.id }, 'login', 'refused')
    throw new AppError('invalid_credentials', 'Email or password is wrong.', {
      headers: { 'WWW-Authenticate': 'Bearer' },
    })
  }
  const session = await issueSession(ctx, ctx.stores.accounts, user)
  ctx.activity.auth({ requestId, userId: user.id }, 'login', 'ok')
  return session
}
