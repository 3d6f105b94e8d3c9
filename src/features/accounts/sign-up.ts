import { randomInt } from 'node:crypto'
import type { AppContext } from '../../context'
import { AppError } from '../../kernel/errors'
import { newId } from '../../kernel/ids'
import { issueSession } from './issue-session'
import { handleFromEmail, handleWithSuffix, planSignUp, type SignUpInput, type SignUpPlan } from './rules'
import type { Session } from './schema'
import type { AccountStore, UserRow } from './store'

type Deps = Pick<AppContext, 'clock' | 'config' | 'tokens' | 'passwords' | 'transact' | 'stores' | 'activity'>

const HANDLE_TRIES = 8

/**
 * Makes an account and its first session, both or neither.
 *
 * @throws AppError `validation_failed`, `email_taken`, `handle_taken`
 */
export async function signUp(ctx: Deps, input: SignUpInput, requestId: string): Promise<Session> {
  const plan = planSignUp(input)
  // Asked before hashing, as a taken email should not cost a hash; the unique constraint decides in the end.
  if ((await ctx.stores.accounts.findUserByEmail(plan.email)) !== null) throw emailTaken()
  const passwordHash = await ctx.passwords.hash(plan.password)
  return ctx.transact(async ({ accounts, afterCommit }) => {
    const user = await insertUser(accounts, plan, passwordHash, ctx.clock.now())
    afterCommit(() => ctx.activity.auth({ requestId, userId: user.id }, 'signup', 'ok'))
    return issueSession(ctx, accounts, user)
  })
}

async function insertUser(
  accounts: AccountStore,
  plan: SignUpPlan,
  passwordHash: string,
  createdAt: Date,
): Promise<UserRow> {
  const made = handleFromEmail(plan.email)
  for (let attempt = 0; attempt < HANDLE_TRIES; attempt++) {
    const handle =
      plan.handle ?? (attempt === 0 ? made : handleWithSuffix(made, String(randomInt(10 ** (attempt + 2)))))
    const user = await accounts.insertUser({
      id: newId(),
      email: plan.email,
      handle,
      passwordHash,
      createdAt,
    })
    if (user === 'email_taken') throw emailTaken()
    if (user !== 'handle_taken') return user
    if (plan.handle !== null) break
  }
  throw new AppError('handle_taken', 'handle: is taken', {
    fields: [{ field: 'handle', message: 'is taken' }],
  })
}

const emailTaken = () =>
  new AppError('email_taken', 'email: has an account already', {
    fields: [{ field: 'email', message: 'has an account already' }],
  })
