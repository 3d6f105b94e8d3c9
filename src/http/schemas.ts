import { type Static, t } from 'elysia'

/** Pieces of request and answer shapes that several features use. */

export const Uuid = t.String({ format: 'uuid' })
export const Moment = t.String({ format: 'date-time', examples: ['2026-01-31T12:00:00.000Z'] })
export const Person = t.Object({ id: Uuid, handle: t.String() })
export const IdParams = t.Object({ id: Uuid })
export const UserIdParams = t.Object({ user_id: Uuid })

export const LIMIT_DEFAULT = 20
export const PageQuery = {
  limit: t.Optional(t.Integer({ minimum: 1, maximum: 100, default: LIMIT_DEFAULT })),
  cursor: t.Optional(t.String({ minLength: 1, maxLength: 512 })),
}
export type PageQuery = { limit?: number; cursor?: string }

export const pageOf = <T extends Parameters<typeof t.Array>[0]>(item: T) =>
  t.Object({ items: t.Array(item), next_cursor: t.Nullable(t.String()) })

export const EmojiCounts = t.Object({
  '👍': t.Integer(),
  '❤️': t.Integer(),
  '😂': t.Integer(),
  '😮': t.Integer(),
  '😢': t.Integer(),
  '🔥': t.Integer(),
})

/** An object with these fields and no others. */
export const closed = <T extends Parameters<typeof t.Object>[0]>(fields: T) =>
  t.Object(fields, { additionalProperties: false })

export type Infer<T extends Parameters<typeof t.Array>[0]> = Static<T>
