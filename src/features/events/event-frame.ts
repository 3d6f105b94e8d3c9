import { formatEventId, presentEventData, type StoredEvent } from './event-types'
import { sseFrame } from './sse'

const encoder = new TextEncoder()

/** A stored event as it goes to a stream. */
export const eventFrame = (event: StoredEvent): Uint8Array =>
  encoder.encode(
    sseFrame({
      id: formatEventId(event.position, event.createdAt),
      event: event.type,
      data: presentEventData(event),
    }),
  )
