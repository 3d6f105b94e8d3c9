import { AppError } from './errors'
import { isUuid } from './ids'

/**
 * Opaque keyset cursors: base64url of a tag and the sort key of the last item of a page. The tag names the list,
 * so that a cursor of one list is not taken by another.
 */

const invalidCursor = () =>
  new AppError('invalid_cursor', 'The cursor was not made by this service for this list.', {
    fields: [{ field: 'cursor', message: 'is not a cursor of this list' }],
  })

/** Packs the parts of a sort key for the list `tag`. */
export function encodeCursor(tag: string, parts: readonly string[]): string {
  return Buffer.from([tag, ...parts].join('|')).toString('base64url')
}

/**
 * Unpacks a cursor of the list `tag` with as many parts as there are checks.
 *
 * @throws AppError `invalid_cursor` when the text is not such a cursor
 */
export function decodeCursor(
  tag: string,
  text: string,
  checks: readonly ((part: string) => boolean)[],
): string[] {
  if (!/^[A-Za-z0-9_-]{1,512}$/.test(text)) throw invalidCursor()
  const decoded = Buffer.from(text, 'base64url').toString('utf8')
  const [found, ...parts] = decoded.split('|')
  const fits =
    found === tag && parts.length === checks.length && checks.every((check, i) => check(parts[i] ?? ''))
  if (!fits || encodeCursor(tag, parts) !== text) throw invalidCursor()
  return parts
}

/** A place in a list sorted by time and id; `at` has millisecond precision, as stored. */
export type TimeKey = Readonly<{ at: Date; id: string }>

/** True for epoch milliseconds that a Date and PostgreSQL can both hold. */
export const isEpochMs = (part: string): boolean => /^\d{1,14}$/.test(part)

export const encodeTimeKey = (tag: string, key: TimeKey): string =>
  encodeCursor(tag, [String(key.at.getTime()), key.id])

/**
 * The place after which a page starts, or null for the first page.
 *
 * @throws AppError `invalid_cursor`
 */
export function decodeTimeKey(tag: string, cursor: string | undefined): TimeKey | null {
  if (cursor === undefined) return null
  const [at, id] = decodeCursor(tag, cursor, [isEpochMs, isUuid])
  return { at: new Date(Number(at)), id: id ?? '' }
}

/** Which page is asked for. */
export type PageInput = Readonly<{ limit: number; cursor: string | undefined }>

/** One page of a list, and the key to go on from when there is more. */
export type Page<Item> = Readonly<{ items: Item[]; next_cursor: string | null }>

/**
 * Turns `limit + 1` fetched rows into a page of `limit`; the extra row only tells that there is more.
 *
 * @param cursorOf makes the cursor from the last row that is shown
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => Item,
  cursorOf: (row: Row) => string,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(present),
    next_cursor: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  }
}
