/** A client of GET /events on a socket of its own, as frames. */

import type { Person } from './people.ts'

export type Received = Readonly<{ id: string; event: string; data: string }>

export type EventsClient = Readonly<{
  received(): readonly Received[]
  /** The newest id, also of frames without data. */
  lastId(): string | null
  isOpen(): boolean
  ended: Promise<void>
  close(): void
}>

/** Connects at once; `lastEventId` resumes. */
export function readEvents(url: string, person: Person, lastEventId: string | null = null): EventsClient {
  const frames: Received[] = []
  const abort = new AbortController()
  let lastId = lastEventId
  let open = false
  const take = (frame: string) => {
    const fields: Record<string, string> = {}
    for (const line of frame.split('\n')) {
      const at = line.indexOf(': ')
      if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2)
    }
    if (fields.id !== undefined) {
      lastId = fields.id
      open = true
    }
    if (fields.data !== undefined)
      frames.push({ id: fields.id ?? '', event: fields.event ?? '', data: fields.data })
  }
  const run = async () => {
    try {
      const headers: Record<string, string> = { Authorization: `Bearer ${person.token}` }
      if (lastEventId !== null) headers['Last-Event-ID'] = lastEventId
      const response = await fetch(`${url}/events`, { headers, signal: abort.signal })
      if (!response.ok || response.body === null) return
      const decoder = new TextDecoder()
      let rest = ''
      for await (const chunk of response.body) {
        const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
        rest = parts.pop() ?? ''
        for (const part of parts) take(part)
      }
    } catch {
      // Cut off; whoever wants more comes back with the last id.
    } finally {
      open = false
    }
  }
  const ended = run()
  return {
    received: () => frames,
    lastId: () => lastId,
    isOpen: () => open,
    ended,
    close: () => abort.abort(),
  }
}
