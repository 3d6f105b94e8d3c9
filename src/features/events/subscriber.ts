import type { StoredEvent } from './event-types'

/** Why a stream ended; a label of `sse_closed_total`. */
export type CloseReason = 'client' | 'slow' | 'token_expired' | 'replaced' | 'shutdown' | 'error'

/** One connection, as the hub sees it; a slow one never makes others wait. */
export type Subscriber = Readonly<{
  id: string
  userId: string
  /** Epoch milliseconds at which its token ends, and so does it. */
  endsAtMs: number
  /** Writes a live frame; a stream that catches up only notes that there was one, as it will read the event itself. */
  push(frame: Uint8Array, event: StoredEvent): void
  comment(frame: Uint8Array): void
  close(reason: CloseReason): void
}>

/** Told once why its outlet was closed. */
export type OutletOwner = Readonly<{ ended(reason: CloseReason): void }>

export const BUFFER_BYTES_MAX = 64 * 1024
/** A client that takes nothing for so long while events wait for it is cut off; it resumes by id. */
const SLOW_MS_MAX = 5000

/** Counted in whole buffers, as Bun sets aside as many bytes for each stream as its high-water mark says. */
const BUFFER: QueuingStrategy<Uint8Array> = {
  highWaterMark: 1,
  size: (chunk) => (chunk?.byteLength ?? 0) / BUFFER_BYTES_MAX,
}

/**
 * A byte stream towards one client with a bounded buffer. It is a class, and its own source, because thousands are held
 * open: functions made for each would take more memory than all the rest of it.
 */
export class Outlet implements UnderlyingDefaultSource<Uint8Array> {
  readonly stream: ReadableStream<Uint8Array>
  private readonly owner: OutletOwner
  private controller: ReadableStreamDefaultController<Uint8Array> | null = null
  private onRoom: (() => void) | null = null

  constructor(owner: OutletOwner) {
    this.owner = owner
    this.stream = new ReadableStream(this, BUFFER)
  }

  /** False when the buffer is full. */
  write(frame: Uint8Array): boolean {
    if (!this.hasRoom()) return false
    this.controller?.enqueue(frame)
    return true
  }

  hasRoom(): boolean {
    return this.controller !== null && (this.controller.desiredSize ?? 0) > 0
  }

  /** True when there is room, false when there is none within that time or the stream has ended. For one at a time. */
  async whenRoom(msMax = SLOW_MS_MAX): Promise<boolean> {
    if (this.hasRoom() || this.controller === null) return this.hasRoom()
    let timer: Timer | undefined
    await new Promise<void>((resolve) => {
      this.onRoom = resolve
      timer = setTimeout(resolve, msMax)
    })
    clearTimeout(timer)
    return this.hasRoom()
  }

  isOpen(): boolean {
    return this.controller !== null
  }

  close(reason: CloseReason): void {
    const open = this.controller
    if (open === null) return
    this.controller = null
    this.pull()
    try {
      // Closing waits for what is buffered, which a client that does not read would never take.
      if (reason === 'slow') open.error(new Error('the client reads too slowly'))
      else open.close()
    } catch {
      // The client was faster: the stream is cancelled already.
    }
    this.owner.ended(reason)
  }

  /** The stream's own call: it has begun. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.controller = controller
  }

  /** The stream's own call: it has room. */
  pull(): void {
    const { onRoom } = this
    this.onRoom = null
    onRoom?.()
  }

  /** The stream's own call: the client has left. */
  cancel(): void {
    this.close('client')
  }
}
