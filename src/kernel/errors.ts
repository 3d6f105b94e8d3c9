/** Errors that the service answers on purpose: a stable code, its status, and only words fit for the public. */

export const STATUS_OF_CODE = {
  malformed_json: 400,
  invalid_cursor: 400,
  unauthenticated: 401,
  invalid_credentials: 401,
  invalid_refresh_token: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  email_taken: 409,
  handle_taken: 409,
  idempotency_in_progress: 409,
  payload_too_large: 413,
  uri_too_long: 414,
  unsupported_media_type: 415,
  validation_failed: 422,
  media_type_not_allowed: 422,
  media_too_large: 422,
  media_not_found: 422,
  media_not_uploaded: 422,
  media_already_used: 422,
  media_content_mismatch: 422,
  audience_not_allowed: 422,
  unknown_user: 422,
  cannot_follow_self: 422,
  idempotency_key_reused: 422,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const

export type ErrorCode = keyof typeof STATUS_OF_CODE

export type FieldError = Readonly<{ field: string; message: string }>

type Details = Readonly<{
  fields?: readonly FieldError[]
  headers?: Readonly<Record<string, string>>
  cause?: unknown
}>

/** An answer that is not a success; `message` is shown to the caller, `cause` only to the log. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly fields: readonly FieldError[]
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ErrorCode, publicMessage: string, details: Details = {}) {
    super(publicMessage, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'AppError'
    this.code = code
    this.status = STATUS_OF_CODE[code]
    this.fields = details.fields ?? []
    this.headers = details.headers ?? {}
  }
}

export const notFound = () => new AppError('not_found', 'There is nothing here that you may see.')

export const forbidden = (message: string) => new AppError('forbidden', message)

/** A body, query or header field that cannot be accepted; the field's name and why are shown. */
export const invalidField = (field: string, message: string, code: ErrorCode = 'validation_failed') =>
  new AppError(code, `${field}: ${message}`, { fields: [{ field, message }] })

export const unauthenticated = () =>
  new AppError('unauthenticated', 'A valid access token is required.', {
    headers: { 'WWW-Authenticate': 'Bearer' },
  })

/** A dependency that this request cannot do without is down; worth another try after `retryAfterSeconds`. */
export const unavailable = (cause?: unknown, retryAfterSeconds = 2) =>
  new AppError('unavailable', 'The service cannot do this right now. Please try again shortly.', {
    cause,
    headers: { 'Retry-After': String(retryAfterSeconds) },
  })

const CAUSES_MAX = 5

/** An error and what caused it, outermost first; bounded, as a chain may lead back to itself. */
export function* causesOf(error: unknown): Generator<Error> {
  let current = error
  for (let depth = 0; current instanceof Error && depth < CAUSES_MAX; depth++) {
    yield current
    current = current.cause
  }
}
