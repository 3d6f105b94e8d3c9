import { AppError, type FieldError } from '../../kernel/errors'
import { codePointLength, isStorableText } from '../../kernel/text'

/** What an account may be made of. */

export const EMAIL_LENGTH_MAX = 254
export const PASSWORD_LENGTH_MIN = 8
export const PASSWORD_LENGTH_MAX = 128
export const HANDLE_LENGTH_MIN = 3
export const HANDLE_LENGTH_MAX = 30

/** One @ with a name before it and a dotted host after it; whether it exists only a message to it can tell. */
const EMAIL = /^[^\s@"(),:;<>[\\\]]+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/
const HANDLE = /^[a-z0-9_]{3,30}$/

export type SignUpInput = Readonly<{ email: string; password: string; handle?: string | undefined }>
export type SignUpPlan = Readonly<{ email: string; password: string; handle: string | null }>

export const normalizeEmail = (email: string): string => email.trim().toLowerCase()

/**
 * The account that an input asks for; `handle` is null when one has to be made.
 *
 * @throws AppError `validation_failed` naming every field that is not acceptable
 */
export function planSignUp(input: SignUpInput): SignUpPlan {
  const email = normalizeEmail(input.email)
  const passwordLength = codePointLength(input.password)
  const faults: FieldError[] = []
  if (codePointLength(email) > EMAIL_LENGTH_MAX || !EMAIL.test(email) || !isStorableText(email)) {
    faults.push({
      field: 'email',
      message: `must be an email address of at most ${EMAIL_LENGTH_MAX} characters`,
    })
  }
  if (passwordLength < PASSWORD_LENGTH_MIN || passwordLength > PASSWORD_LENGTH_MAX) {
    const message = `must have ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters`
    faults.push({ field: 'password', message })
  }
  if (input.handle !== undefined && !HANDLE.test(input.handle)) {
    faults.push({ field: 'handle', message: 'must be 3 to 30 of a-z, 0-9 and _' })
  }
  const first = faults[0]
  if (first !== undefined) {
    throw new AppError('validation_failed', `${first.field}: ${first.message}`, { fields: faults })
  }
  return { email, password: input.password, handle: input.handle ?? null }
}

/** A handle made from the part of an email before the @: its allowed characters, filled up to the shortest length. */
export function handleFromEmail(email: string): string {
  const local = email.split('@')[0] ?? ''
  const kept = local
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, HANDLE_LENGTH_MAX)
  return kept.length >= HANDLE_LENGTH_MIN
    ? kept
    : `user_${kept}`.replace(/_$/, '').slice(0, HANDLE_LENGTH_MAX)
}

/** The same handle with a suffix that makes it likely to be free. */
export function handleWithSuffix(handle: string, suffix: string): string {
  return `${handle.slice(0, HANDLE_LENGTH_MAX - suffix.length - 1)}_${suffix}`
}
