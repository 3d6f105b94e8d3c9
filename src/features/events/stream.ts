import type { AppContext } from '../../context'
import { unavailable } from '../../kernel/errors'
import { newId } from '../../kernel/ids'
import type { Viewer } from '../../kernel/viewer'
import { eventFrame } from './event-frame'
import {
  comparePositions,
  type EventId,
  formatEventId,
  NOWHERE,
  type Position,
  parseEventId,
  type StoredEvent,
} from './event-types'
import { sseComment, sseFrame, sseRetry } from './sse'
import { type CloseReason, Outlet, type Subscriber } from './subscriber'

type Deps = Pick<AppContext, 'clock' | 'stores' | 'hub' | 'streamSlots' | 'metrics' | 'logger'>

const RETRY_MS = 1000
const KEPT_SECONDS = 24 * 3600
/** Less than a buffer takes, unless they are large: what does not fit waits in memory, for each stream that waits for its reader. */
const BATCH = 64
/** A client that hears of no event would otherwise keep an id until it is too old to come back with. */
const POSITION_EVERY_SECONDS = 60

const encoder = new TextEncoder()

/**
 * One connection's stream: first bytes at once, then what was missed since `lastEventId`, then live. It ends when the
 * token does, the client leaves or reads too slowly, a newer stream needs its place, or the server stops.
 *
 * @param lastEventId where to resume; null starts now
 * @param positionsAsEvents ids without an event, which EventSource keeps to itself, come as events of their own
 * @throws AppError `unavailable`
 */
export async function openEventStream(
  ctx: Deps,
  viewer: Viewer,
  lastEventId: string | null,
  positionsAsEvents: boolean,
): Promise<ReadableStream<Uint8Array>> {
  const stream = new EventStream(ctx, viewer, positionsAsEvents)
  const present = await ctx.hub.join(stream)
  await ctx.streamSlots.take(stream)
  if (!stream.isOpen()) {
    ctx.streamSlots.release(stream)
    throw unavailable(new Error('The stream was ended before it began'), 1)
  }

  const now = ctx.clock.now()
  const resumed = lastEventId === null ? null : resumeFrom(lastEventId, present.line, now)
  const presentId = formatEventId(present.position, now)
  const reset = sseFrame({ id: presentId, event: 'stream.reset', data: '{}' })
  const isUnknown = lastEventId !== null && resumed === null
  const from = resumed ?? { position: present.position, atSeconds: secondsOf(now) }
  const here = positionFrame(resumed === null ? presentId : (lastEventId ?? presentId), positionsAsEvents)
  const head = sseRetry(RETRY_MS) + sseComment('connected') + (isUnknown ? reset : here)
  return stream.begin(encoder.encode(head), from, resumed !== null)
}

const secondsOf = (moment: Date): number => Math.floor(moment.getTime() / 1000)

const positionFrame = (id: string, asEvent: boolean): string =>
  sseFrame(asEvent ? { id, event: 'stream.position', data: '{}' } : { id })

/** Where an id says to go on, or null when it is unknown here or older than what is kept. */
function resumeFrom(text: string, line: Position, now: Date): EventId | null {
  const id = parseEventId(text)
  if (id === null || comparePositions(id.position, line) > 0) return null
  return id.atSeconds < now.getTime() / 1000 - KEPT_SECONDS ? null : id
}

/** A class for the same reason as its outlet: what is kept for an idle listener is a few fields. */
class EventStream implements Subscriber {
  readonly id = newId()
  readonly userId: string
  readonly endsAtMs: number
  private readonly ctx: Deps
  private readonly outlet = new Outlet(this)
  private readonly positionsAsEvents: boolean
  private hasBegun = false
  private isLive = false
  private reached = NOWHERE
  /** Nothing of the user's own has gone by since what was reached or is being read up to. */
  private isWhole = true
  /** Of the last position that was told. */
  private toldAtSeconds = 0

  constructor(ctx: Deps, viewer: Viewer, positionsAsEvents: boolean) {
    this.ctx = ctx
    this.positionsAsEvents = positionsAsEvents
    this.userId = viewer.id
    this.endsAtMs = viewer.tokenExpiresAt.getTime()
  }

  begin(head: Uint8Array, from: EventId, isResumed: boolean): ReadableStream<Uint8Array> {
    this.outlet.write(head)
    this.hasBegun = true
    this.reached = from.position
    if (isResumed) this.isWhole = false
    this.toldAtSeconds = from.atSeconds
    this.follow()
    return this.outlet.stream
  }

  push(frame: Uint8Array, event: StoredEvent): void {
    if (this.isLive && this.outlet.write(frame)) {
      this.noteTold(event)
      return
    }
    this.isWhole = false
    // A burst is no proof of a slow reader: what did not fit is read again as it makes room.
    if (this.isLive) this.follow()
  }

  comment(frame: Uint8Array): void {
    if (!this.hasBegun) return
    this.outlet.write(frame)
    if (this.isLive) this.tellPosition()
  }

  isOpen(): boolean {
    return this.outlet.isOpen()
  }

  close(reason: CloseReason): void {
    this.outlet.close(reason)
  }

  ended(reason: CloseReason): void {
    this.ctx.hub.leave(this)
    this.ctx.streamSlots.release(this)
    this.ctx.metrics.sseClosed.inc({ reason })
  }

  /** For a live stream, which has been given everything up to the hub's position. */
  private tellPosition(): void {
    const now = this.ctx.clock.now()
    if (secondsOf(now) - this.toldAtSeconds < POSITION_EVERY_SECONDS) return
    const id = formatEventId(this.ctx.hub.position(), now)
    if (this.outlet.write(encoder.encode(positionFrame(id, this.positionsAsEvents))))
      this.toldAtSeconds = secondsOf(now)
  }

  /** An event's id says where the client stands, too. */
  private noteTold(event: StoredEvent): void {
    this.reached = event.position
    this.toldAtSeconds = secondsOf(event.createdAt)
  }

  private follow(): void {
    this.isLive = false
    this.catchUp().catch((error: unknown) => {
      this.ctx.logger.warn({ event: 'stream_failed', user_id: this.userId, err: error })
      this.close('error')
    })
  }

  /**
   * Reads what lies between here and the hub's position, until nothing of the user's own is between; then the stream is
   * live. The position itself moves on with everybody's events, and would be chased for ever where there are many.
   */
  private async catchUp(): Promise<void> {
    const { hub, stores } = this.ctx
    while (this.outlet.isOpen()) {
      const target = hub.position()
      if (this.isWhole || comparePositions(this.reached, target) >= 0) {
        this.isLive = true
        this.tellPosition()
        return
      }
      // Of what comes from now on, `push` tells.
      this.isWhole = true
      // A reader without room costs no query; many of those at once would fill the pool for nothing.
      if (!(await this.outlet.whenRoom())) return this.close('slow')
      const events = await stores.events.readAfter(this.userId, this.reached, target, BATCH)
      for (const event of events) {
        if (!(await this.outlet.whenRoom())) return this.close('slow')
        if (!this.outlet.write(eventFrame(event))) return
        this.noteTold(event)
      }
      if (events.length < BATCH) this.reached = target
      else this.isWhole = false
    }
  }
}
