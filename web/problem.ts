/** Every way a call can fail, as one kind of error that knows how to say itself in words. */
import type { Problem } from './api-types.ts'

const WORDS: Record<string, string> = {
  network: 'No connection to the service. Check your network and try again.',
  signed_out: 'Your session has ended. Please log in again.',
  invalid_credentials: 'That email and password do not go together.',
  email_taken: 'There is already an account with this email.',
  handle_taken: 'This handle is taken. Try another one.',
  not_found: 'This is no longer here, or it is not shared with you.',
  media_type_not_allowed: 'This kind of file cannot be posted.',
  media_too_large: 'This file is too large.',
  media_content_mismatch: 'The file is not what its type says. Please choose another one.',
  media_not_uploaded: 'The upload did not finish. Please try again.',
  idempotency_in_progress: 'Your story is still being posted. One moment.',
  unavailable: 'The service is catching its breath. Please try again in a moment.',
  internal: 'Something went wrong on our side.',
}

export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly fields: readonly { field: string; message: string }[] = [],
    readonly retryAfterSeconds: number | null = null,
    readonly requestId: string | null = null,
  ) {
    super(`${status} ${code}: ${detail}`)
    this.name = 'ApiProblem'
  }

  /** One sentence for a person. */
  get words(): string {
    if (this.code === 'rate_limited') return `That was a lot at once. Wait ${this.retryAfterSeconds ?? 1} s.`
    return WORDS[this.code] ?? this.detail
  }

  /** Whether what was asked for is not there for this person; an id that cannot be one names nothing. */
  get isGone(): boolean {
    return this.status === 404 || (this.status === 422 && this.fieldWords('id') !== null)
  }

  /** What is wrong with one field of the form, if the service named it. */
  fieldWords(field: string): string | null {
    const found = this.fields.find((item) => item.field.replace(/^[/.]/, '') === field)
    return found ? sentence(found.message) : null
  }
}

/** Anything thrown becomes an `ApiProblem`; a failed fetch is the code `network`. */
export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  if (error instanceof TypeError || (error instanceof DOMException && error.name === 'NetworkError')) {
    return new ApiProblem(0, 'network', 'The service could not be reached')
  }
  return new ApiProblem(0, 'client', error instanceof Error ? error.message : String(error))
}

/** Reads a problem document from an answer that is not a success. */
export async function readProblem(response: Response): Promise<ApiProblem> {
  const body = (await response.json().catch(() => ({}))) as Partial<Problem>
  const retryAfter = Number(response.headers.get('retry-after'))
  return new ApiProblem(
    response.status,
    body.code ?? 'internal',
    body.detail ?? `The service answered ${response.status}`,
    body.errors ?? [],
    retryAfter > 0 ? retryAfter : null,
    body.request_id ?? response.headers.get('x-request-id'),
  )
}

function sentence(text: string): string {
  const trimmed = text.trim()
  return trimmed ? `${trimmed[0]?.toUpperCase()}${trimmed.slice(1)}`.replace(/([^.!?])$/, '$1.') : trimmed
}
