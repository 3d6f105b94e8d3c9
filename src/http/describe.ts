import type { TSchema } from '@sinclair/typebox'
import type { DocumentDecoration } from 'elysia'

/** What the OpenAPI document says of a route: every status, body and header, written beside the route. */

type Answer = Readonly<{
  description: string
  body?: TSchema
  /** Instead of JSON. */
  contentType?: string
  headers?: Readonly<Record<string, string>>
  example?: unknown
}>

type Header = Readonly<{ name: string; description: string; schema?: object }>

export type Description = Readonly<{
  tag: string
  summary: string
  description?: string
  answers: Readonly<Record<number, Answer>>
  /** Statuses of the problem documents, besides 401, 414, 500 and 503. */
  problems: readonly number[]
  requestHeaders?: readonly Header[]
  /** The route is limited and answers `RateLimit-*` each time. */
  limited?: boolean
  /** The route reads a JSON body, which can be refused before its content is judged. */
  takesBody?: boolean
  /** No token is needed. */
  open?: boolean
}>

const PROBLEM_WORDS: Readonly<Record<number, string>> = {
  400: 'The body or cursor cannot be read',
  401: 'No, bad or expired token, or wrong credentials',
  403: 'The caller may see it but not do this to it',
  404: 'There is no such thing, or the caller may not see it',
  405: 'The path exists, the method does not',
  408: 'The body did not arrive in time',
  409: 'In conflict with what is there or under way',
  413: 'The body is over 64 KiB',
  414: 'The URL is over 4,096 characters',
  415: 'The body is not JSON',
  422: 'Well-formed but not acceptable; `errors` names the fields',
  429: 'Over the limit; `Retry-After` says when to try again',
  500: 'A bug; noted with the request id',
  503: 'A dependency is down; `Retry-After` says when to try again',
}

const BODY_PROBLEMS = [400, 408, 413, 415]

const textHeader = (description: string) => ({ description, schema: { type: 'string' } })
const countHeader = (description: string) => ({ description, schema: { type: 'integer', minimum: 0 } })

const REQUEST_ID = { 'X-Request-Id': textHeader('Names this request in the logs') }
const RATE_LIMIT = {
  'RateLimit-Limit': countHeader('Requests a minute'),
  'RateLimit-Remaining': countHeader('Requests left now'),
  'RateLimit-Reset': countHeader('Seconds until all are there again'),
}
const RETRY_AFTER = {
  'Retry-After': { description: 'Whole seconds', schema: { type: 'integer', minimum: 1 } },
}
/** Where a route's request headers wait for the document. */
export const REQUEST_HEADERS = 'x-request-headers'

/** What an answer of this status carries, whatever the route. */
const HEADERS_OF_STATUS: Readonly<Record<number, object>> = {
  401: { 'WWW-Authenticate': textHeader('`Bearer`') },
  409: { 'Retry-After': countHeader('Whole seconds, when what is in the way will pass') },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
}

export function describe(route: Description): DocumentDecoration {
  const limits = route.limited || route.problems.includes(429) ? RATE_LIMIT : {}
  const responses: Record<string, object> = {}
  for (const [status, answer] of Object.entries(route.answers)) {
    const named = Object.entries(answer.headers ?? {}).map(([name, words]) => [name, textHeader(words)])
    const schema = answer.body ?? { type: 'string' }
    const example = answer.example === undefined ? {} : { example: answer.example }
    responses[status] = {
      description: answer.description,
      headers: {
        ...REQUEST_ID,
        ...limits,
        ...HEADERS_OF_STATUS[Number(status)],
        ...Object.fromEntries(named),
      },
      ...(answer.body === undefined && answer.contentType === undefined
        ? {}
        : { content: { [answer.contentType ?? 'application/json']: { schema, ...example } } }),
    }
  }
  const problems = new Set([
    ...route.problems,
    ...(route.open ? [] : [401]),
    ...(route.takesBody ? BODY_PROBLEMS : []),
    414,
    500,
    503,
  ])
  for (const status of [...problems].sort()) {
    if (responses[status] !== undefined) continue
    responses[status] = {
      description: PROBLEM_WORDS[status] ?? 'A problem',
      headers: { ...REQUEST_ID, ...limits, ...HEADERS_OF_STATUS[status] },
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }
  }
  const parameters = (route.requestHeaders ?? []).map(({ name, description, schema }) => ({
    in: 'header' as const,
    name,
    description,
    required: false,
    schema: schema ?? { type: 'string' },
  }))
  return {
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    // The document's writer takes `parameters` for all there are; the query's are added there.
    ...(parameters.length > 0 ? { [REQUEST_HEADERS]: parameters } : {}),
    ...(route.open ? { security: [] } : {}),
    responses,
  } as DocumentDecoration
}
