import { ParseError, ValidationError } from 'elysia'
import { AppError, causesOf, type FieldError, notFound, unauthenticated } from '../kernel/errors'
import { fieldErrorsOf } from './validation'

/** Every error as a problem document (RFC 9457). Only an AppError's own words are shown. */

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  413: 'Payload too large',
  414: 'URI too long',
  415: 'Unsupported media type',
  422: 'Not acceptable as sent',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
}

/** The AppError that an error is, carries as a cause, or amounts to; `internal` for what nobody foresaw. */
export function toAppError(error: unknown): AppError {
  for (const current of causesOf(error)) {
    if (current instanceof AppError) return current
  }
  const missing = missingReference(error)
  if (missing.endsWith('_users_id_fk')) return unauthenticated()
  if (missing.endsWith('_stories_id_fk')) return notFound()
  if (error instanceof ValidationError) {
    const fields: FieldError[] = fieldErrorsOf(error)
    const first = fields[0]
    const detail = first === undefined ? 'The request is not acceptable.' : `${first.field}: ${first.message}`
    return new AppError('validation_failed', detail, { fields })
  }
  if (error instanceof ParseError)
    return new AppError('malformed_json', 'The body is not valid JSON.', { cause: error })
  return new AppError('internal', 'Something went wrong on our side. It has been noted.', { cause: error })
}

/**
 * The foreign key for which a row of the caller's was refused, or nothing: what it refers to has gone meanwhile, such as the
 * account, which its token outlived, or the story.
 */
function missingReference(error: unknown): string {
  for (const current of causesOf(error)) {
    const { code, constraint_name: name } = current as { code?: unknown; constraint_name?: unknown }
    if (code === '23503' && typeof name === 'string') return name
  }
  return ''
}

export function problemResponse(error: AppError, requestId: string): Response {
  const body = {
    type: `urn:stories:problem:${error.code}`,
    title: TITLES[error.status] ?? 'Error',
    status: error.status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.fields.length > 0 ? { errors: error.fields } : {}),
  }
  return new Response(JSON.stringify(body), {
    status: error.status,
    headers: { ...error.headers, 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
  })
}
