import { Type } from '@sinclair/typebox'
import { t } from 'elysia'
import type { PageInput } from '../kernel/cursor'
import { invalidField } from '../kernel/errors'
import { checkContent, readJsonBody } from './json-body'

/** Pieces of request and answer shapes that several features use. */

/** Elysia's format alone would also take `urn:uuid:…`, which PostgreSQL refuses. */
export const Uuid = t.String({
  format: 'uuid',
  pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
})
export const Moment = t.String({ format: 'date-time', examples: ['2026-01-31T12:00:00.000Z'] })
export const Person = t.Object({ id: Uuid, handle: t.String() }, { title: 'Person' })
export const IdParams = t.Object({ id: Uuid })
export const UserIdParams = t.Object({ user_id: Uuid })

const LIMIT_DEFAULT = 20
const LIMIT_MAX = 100

/** Text that is read by `pageInput`; `integer` is what the OpenAPI document says of it. */
export const PageQuery = {
  limit: t.Optional(t.String({ integer: { minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT } })),
  cursor: t.Optional(t.String({ description: '`next_cursor` of the page before' })),
}

/** @throws AppError `validation_failed` for a limit that is not a whole number from 1 to 100 */
export function pageInput(query: { limit?: string; cursor?: string }): PageInput {
  const limit = query.limit === undefined ? LIMIT_DEFAULT : Number(query.limit)
  if ((query.limit !== undefined && !/^\d{1,3}$/.test(query.limit)) || limit < 1 || limit > LIMIT_MAX) {
    throw invalidField('limit', `must be a whole number from 1 to ${LIMIT_MAX}`)
  }
  return { limit, cursor: query.cursor }
}

export type BodyHook = (context: { request: Request; body: unknown }) => Promise<void>

/**
 * A route's JSON body, read in bounded memory and time; other routes' bodies are not read at all.
 *
 * @param limit takes from the route's bucket: whatever parses costs one, also what is refused for what it holds
 */
export const jsonBody = <T extends Parameters<typeof t.Array>[0]>(body: T, limit?: BodyHook) => ({
  body,
  parse: ({ request }: { request: Request }) => readJsonBody(request),
  async transform(context: { request: Request; body: unknown }) {
    await limit?.(context)
    checkContent(context.body)
  },
})

export const pageOf = <T extends Parameters<typeof t.Array>[0]>(item: T) =>
  t.Object({ items: t.Array(item), next_cursor: t.Nullable(t.String()) })

/** Elysia's own integer also takes text; these go into JSON, where a number is a number. */
export const Count = Type.Integer({ minimum: 0 })

export const EmojiCounts = t.Object(
  {
    '👍': Count,
    '❤️': Count,
    '😂': Count,
    '😮': Count,
    '😢': Count,
    '🔥': Count,
  },
  { title: 'EmojiCounts' },
)

/** Query parameters; unknown ones are left alone, as links and proxies add their own. */
export const openQuery = <T extends Parameters<typeof t.Object>[0]>(fields: T) =>
  t.Object(fields, { additionalProperties: true })

/** An object with these fields and no others; `example` is what Swagger UI offers to send, else all fields at once. */
export const closed = <T extends Parameters<typeof t.Object>[0]>(fields: T, example?: object) =>
  t.Object(fields, { additionalProperties: false, ...(example && { examples: [example] }) })
