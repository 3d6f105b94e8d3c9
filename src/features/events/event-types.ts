/** The closed list of live events and what each carries. */
export const EVENT_TYPES = ['story.viewed', 'story.reacted'] as const

export type EventType = (typeof EVENT_TYPES)[number]

export type StoredEvent = Readonly<{
  position: Position
  authorId: string
  type: EventType
  /** JSON text. */
  data: string
  createdAt: Date
}>

/**
 * A place in the order of all events: the writing transaction and a sequence within it. Everything below the line of a
 * snapshot (the oldest transaction still open) is final and complete.
 */
export type Position = Readonly<{ xact: bigint; seq: bigint }>

export const comparePositions = (a: Position, b: Position): number =>
  a.xact === b.xact ? Number(a.seq - b.seq) : a.xact < b.xact ? -1 : 1

/** Before the first event of a transaction. */
export const startOf = (xact: bigint): Position => ({ xact, seq: 0n })
export const NOWHERE: Position = startOf(0n)

const FIELDS: Readonly<Record<EventType, readonly string[]>> = {
  'story.viewed': ['story_id', 'viewer_id', 'viewed_at'],
  'story.reacted': ['story_id', 'user_id', 'emoji', 'created_at'],
}

/** What an event carries, as JSON text with the fields of its type in their order; nothing else leaves. */
export const presentEventData = (event: Pick<StoredEvent, 'type' | 'data'>): string =>
  JSON.stringify(JSON.parse(event.data), [...FIELDS[event.type]])

export type EventId = Readonly<{ position: Position; atSeconds: number }>

/** The database's largest `bigint`. */
const SEQ_MAX = 2n ** 63n - 1n
const ID = /^([0-9a-f]{16})-([0-9a-f]{16})-([0-9a-f]{8})$/
const hex = (value: bigint | number, digits: number): string => value.toString(16).padStart(digits, '0')

/** An id that sorts as text like its position, and says when, so that it can be known to be too old. */
export const formatEventId = (position: Position, at: Date): string =>
  `${hex(position.xact, 16)}-${hex(position.seq, 16)}-${hex(Math.floor(at.getTime() / 1000), 8)}`

/** Null for a text that is not such an id. */
export function parseEventId(text: string): EventId | null {
  const match = ID.exec(text)
  if (match === null) return null
  const position = { xact: BigInt(`0x${match[1]}`), seq: BigInt(`0x${match[2]}`) }
  if (position.seq > SEQ_MAX) return null
  return { position, atSeconds: Number.parseInt(match[3] ?? '', 16) }
}
