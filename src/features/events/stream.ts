import type { AppContext } from '../../context'
import { newId } from '../../kernel/ids'
import type { Viewer } from '../../kernel/viewer'
import { comparePositions, formatEventId, type Position, parseEventId } from './event-types'
import { eventFrame } from './hub'
import { sseComment, sseFrame, sseRetry } from './sse'
import { openStream, type Subscriber } from './subscriber'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'hub' | 'streamSlots' | 'metrics' | 'logger'>

const RETRY_MS = 1000
const KEPT_SECONDS = 24 * 3600
/** About as many as fit into a buffer; more would wait in memory, for each stream that waits for its reader. */
const BATCH = 200
/** setTimeout counts in 31 bits. */
const TIMER_MS_MAX = 2 ** 31 - 1

const encoder = new TextEncoder()

/**
 * One connection's stream: first bytes at once, then what was missed since `lastEventId`, then live. It ends when the
 * token does, the client leaves or reads too slowly, a newer stream needs its place, or the server stops.
 *
 * @param lastEventId where to resume; null starts now
 */
export async function openEventStream(
  ctx: Deps,
  viewer: Viewer,
  lastEventId: string | null,
): Promise<ReadableStream<Uint8Array>> {
  let isLive = false
  let reached: Position
  let expiry: Timer | undefined
  const handle = openStream((reason) => {
    clearTimeout(expiry)
    ctx.hub.leave(subscriber)
    ctx.streamSlots.release(viewer.id, subscriber.id)
    ctx.metrics.sseClosed.inc({ reason })
  })
  const subscriber: Subscriber = {
    id: newId(),
    userId: viewer.id,
    push(frame, position) {
      if (!isLive) return
      if (handle.write(frame)) reached = position
      // A burst is no proof of a slow reader: what did not fit is read again as it makes room.
      else follow()
    },
    comment(frame) {
      if (isLive) handle.write(frame)
    },
    close: handle.close,
  }
  const present = await ctx.hub.join(subscriber)
  await ctx.streamSlots.take(viewer.id, subscriber.id, () => handle.close('replaced'))

  const now = ctx.clock.now()
  const lifetimeMs = Math.min(TIMER_MS_MAX, Math.max(0, viewer.tokenExpiresAt.getTime() - now.getTime()))
  expiry = setTimeout(() => handle.close('token_expired'), lifetimeMs)

  const resumed = lastEventId === null ? null : resumePosition(lastEventId, present, now)
  const presentId = formatEventId(present, now)
  const reset = sseFrame({ id: presentId, event: 'stream.reset', data: '{}' })
  const here = sseFrame({ id: resumed === null || lastEventId === null ? presentId : lastEventId })
  const isUnknown = lastEventId !== null && resumed === null
  handle.write(encoder.encode(sseRetry(RETRY_MS) + sseComment('connected') + (isUnknown ? reset : here)))

  reached = resumed ?? present
  const follow = () => {
    isLive = false
    const goLive = (position: Position) => {
      reached = position
      isLive = true
    }
    catchUp(ctx, viewer, handle, reached, goLive).catch((error: unknown) => {
      ctx.logger.warn({ event: 'stream_failed', user_id: viewer.id, err: error })
      handle.close('error')
    })
  }
  follow()
  return handle.stream
}

/** Where an id says to go on, or null when it is unknown here or older than what is kept. */
function resumePosition(text: string, present: Position, now: Date): Position | null {
  const id = parseEventId(text)
  if (id === null || comparePositions(id.position, present) > 0) return null
  return id.atSeconds < now.getTime() / 1000 - KEPT_SECONDS ? null : id.position
}

/** Reads what lies between a position and the hub's, until there is nothing between; then the stream is live. */
async function catchUp(
  ctx: Pick<Deps, 'hub' | 'stores'>,
  viewer: Viewer,
  handle: ReturnType<typeof openStream>,
  from: Position,
  goLive: (position: Position) => void,
): Promise<void> {
  let reached = from
  while (handle.isOpen()) {
    const target = ctx.hub.position()
    if (comparePositions(reached, target) >= 0) return goLive(reached)
    const events = await ctx.stores.events.readAfter(viewer.id, reached, target, BATCH)
    for (const event of events) {
      if (!(await handle.whenRoom())) return handle.close('slow')
      if (!handle.write(eventFrame(event))) return
      reached = event.position
    }
    if (events.length < BATCH) reached = target
  }
}
