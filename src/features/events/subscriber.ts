import type { Position } from './event-types'

/** Why a stream ended; a label of `sse_closed_total`. */
export type CloseReason = 'client' | 'slow' | 'token_expired' | 'replaced' | 'shutdown' | 'error'

/** One connection: a bounded buffer of frames towards the client. A full one is closed; nobody else waits for it. */
export type Subscriber = Readonly<{
  id: string
  userId: string
  /** Writes a live frame; does nothing while the stream catches up, as it will read the event itself. */
  push(frame: Uint8Array, position: Position): void
  comment(frame: Uint8Array): void
  close(reason: CloseReason): void
}>

export const BUFFER_BYTES_MAX = 64 * 1024
/** A client that takes nothing for so long while events wait for it is cut off; it resumes by id. */
const SLOW_MS_MAX = 5000

export type StreamHandle = Readonly<{
  stream: ReadableStream<Uint8Array>
  /** False when the buffer is full. */
  write(frame: Uint8Array): boolean
  hasRoom(): boolean
  /** True when there is room, false when there is none within that time or the stream has ended. */
  whenRoom(msMax?: number): Promise<boolean>
  isOpen(): boolean
  close(reason: CloseReason): void
}>

/**
 * A byte stream towards one client.
 *
 * @param onClose called once, with why
 */
export function openStream(onClose: (reason: CloseReason) => void): StreamHandle {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null
  let waiting: (() => void)[] = []
  const release = () => {
    for (const resolve of waiting) resolve()
    waiting = []
  }
  const finish = (reason: CloseReason, abandon: boolean) => {
    const open = controller
    if (open === null) return
    controller = null
    release()
    try {
      // Closing waits for what is buffered, which a client that does not read would never take.
      if (abandon) open.error(new Error('the client reads too slowly'))
      else open.close()
    } catch {
      // The client was faster: the stream is cancelled already.
    }
    onClose(reason)
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started
      },
      pull: release,
      cancel: () => finish('client', false),
    },
    { highWaterMark: BUFFER_BYTES_MAX, size: (chunk) => chunk?.byteLength ?? 0 },
  )
  const hasRoom = () => controller !== null && (controller.desiredSize ?? 0) > 0
  return {
    stream,
    write(frame) {
      if (!hasRoom()) return false
      controller?.enqueue(frame)
      return true
    },
    hasRoom,
    async whenRoom(msMax = SLOW_MS_MAX) {
      if (hasRoom() || controller === null) return hasRoom()
      let timer: Timer | undefined
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        timer = setTimeout(resolve, msMax)
      })
      clearTimeout(timer)
      return hasRoom()
    },
    isOpen: () => controller !== null,
    close: (reason) => finish(reason, reason === 'slow'),
  }
}

export const startOf = (line: bigint): Position => ({ xact: line, seq: 0n })
