/** Reads an event stream from a real socket, frame by frame. */
import { until } from './until'

export type Frame = Readonly<{
  id: string | null
  event: string | null
  data: string | null
  retry: string | null
}>

export type EventReader = Readonly<{
  status: number
  requestId: string | null
  /** Every frame so far, comments left out. */
  frames: readonly Frame[]
  /** Frames that are events with data. */
  events(): Frame[]
  /** The last id that came, as EventSource keeps it. */
  lastId(): string | null
  /** Resolves when the condition holds; fails when it does not in time. */
  until(what: string, holds: (reader: EventReader) => boolean, withinMs?: number): Promise<void>
  /** Resolves when the server has ended the stream. */
  ended(withinMs?: number): Promise<void>
  hasEnded(): boolean
  close(): Promise<void>
}>

const FRAMES_MAX = 100_000

/** Opens `GET /events` and reads until closed. */
export async function readEvents(
  baseUrl: string,
  options: { token: string; lastEventId?: string | null; tokenInQuery?: boolean },
): Promise<EventReader> {
  const abort = new AbortController()
  const { token, lastEventId, tokenInQuery } = options
  const response = await fetch(`${baseUrl}/events${tokenInQuery ? `?access_token=${token}` : ''}`, {
    headers: {
      ...(tokenInQuery ? {} : { Authorization: `Bearer ${token}` }),
      ...(lastEventId ? { 'Last-Event-ID': lastEventId } : {}),
    },
    keepalive: false,
    signal: abort.signal,
  })
  const frames: Frame[] = []
  let ended = false
  const reading = read(response, frames).finally(() => {
    ended = true
  })
  reading.catch(() => undefined)
  const reader: EventReader = {
    status: response.status,
    requestId: response.headers.get('x-request-id'),
    frames,
    events: () => frames.filter((frame) => frame.event !== null && frame.data !== null),
    lastId: () => frames.findLast((frame) => frame.id !== null)?.id ?? null,
    until: (what, holds, withinMs) => until(what, () => holds(reader), withinMs),
    ended: (withinMs) => until('the stream to end', () => ended, withinMs),
    hasEnded: () => ended,
    async close() {
      abort.abort()
      await reading.catch(() => undefined)
    },
  }
  if (response.status === 200) await reader.until('the first frames', () => reader.lastId() !== null || ended)
  return reader
}

async function read(response: Response, frames: Frame[]): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const frame = parseFrame(block)
      if (frame !== null) frames.push(frame)
      if (frames.length > FRAMES_MAX) throw new Error('The stream is longer than any test needs')
    }
  }
}

/** Null for a block of comments. */
function parseFrame(block: string): Frame | null {
  const lines = block.split('\n').filter((line) => !line.startsWith(':') && line !== '')
  if (lines.length === 0) return null
  const field = (name: string) =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null
  return { id: field('id'), event: field('event'), data: field('data'), retry: field('retry') }
}
