/** Follows `GET /events` with the browser's own EventSource: resumes by id, renews its token, backs off. */
import type { Emoji } from './api-types.ts'

export type LiveEvent =
  | { id: string; type: 'story.viewed'; data: { story_id: string; viewer_id: string; viewed_at: string } }
  | {
      id: string
      type: 'story.reacted'
      data: { story_id: string; user_id: string; emoji: Emoji; created_at?: string }
    }
  | { id: string; type: 'stream.reset'; data: Record<string, never> }

export type LiveState = 'off' | 'connecting' | 'live' | 'waiting' | 'offline'

type Options = {
  token(): Promise<string>
  renewInMs(): number
  position: { read(): string | null; write(id: string): void }
  onEvent(event: LiveEvent): void
  onState(state: LiveState): void
  signal: AbortSignal
}

const TYPES = ['story.viewed', 'story.reacted', 'stream.reset'] as const
const BACKOFF_MS_MIN = 400
const BACKOFF_MS_MAX = 30_000
/** A stream that ended sooner is one that another may have ended: whoever comes back at once ends that one's again. */
const STEADY_MS = 30_000
const SEEN_MAX = 500

/** Follows the stream until `signal` aborts. Each event is told once, in the order of the service. */
export function followEvents(options: Options): void {
  let current: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let attempt = 0
  let liveSinceMs = 0
  let generation = 0
  const seen = new Set<string>()

  const later = (run: () => void, ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(run, ms)
  }

  /** Ids are opaque but for one thing: they are equally long and sort as text like the places they stand for. */
  function advance(id: string): void {
    const kept = options.position.read()
    if (kept === null || id > kept) options.position.write(id)
  }

  function receive(type: LiveEvent['type'], message: MessageEvent<string>): void {
    const id = message.lastEventId
    if (type === 'stream.reset') {
      // The service does not know the kept position, so it gives way even to one that sorts before it.
      options.position.write(id)
    } else {
      // While one stream takes over from another both are open, so an event can come late or twice.
      advance(id)
      if (seen.has(id)) return
      seen.add(id)
      for (const old of seen) if (seen.size > SEEN_MAX) seen.delete(old)
    }
    options.onEvent({ id, type, data: JSON.parse(message.data || '{}') } as LiveEvent)
  }

  function fail(): void {
    if (current && performance.now() - liveSinceMs >= STEADY_MS) attempt = 0
    current?.close()
    current = null
    if (options.signal.aborted) return
    if (!navigator.onLine) {
      options.onState('offline')
      return
    }
    options.onState('waiting')
    const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** attempt++)
    later(open, ceiling * (0.5 + Math.random() / 2))
  }

  /** Opens a stream; one that is open already is closed only when the new one is there. */
  async function open(): Promise<void> {
    const mine = ++generation
    if (!current) options.onState('connecting')
    try {
      const token = await options.token()
      if (mine !== generation || options.signal.aborted) return
      connect(token, mine)
    } catch {
      if (mine === generation) fail()
    }
  }

  function connect(token: string, mine: number): void {
    // An EventSource keeps the id of a frame without data to itself, so positions are asked for as events.
    const query = new URLSearchParams({ access_token: token, positions: 'true' })
    const from = options.position.read()
    if (from) query.set('last_event_id', from)
    const source = new EventSource(`/events?${query}`)
    for (const type of TYPES) source.addEventListener(type, (event) => receive(type, event as MessageEvent))
    source.addEventListener('stream.position', (event) => advance((event as MessageEvent).lastEventId))
    source.onopen = () => {
      if (mine !== generation || options.signal.aborted) return source.close()
      if (!current) liveSinceMs = performance.now()
      current?.close()
      current = source
      options.onState('live')
      later(open, options.renewInMs() + 50)
    }
    source.onerror = () => {
      source.close()
      if (mine === generation) fail()
    }
    options.signal.addEventListener('abort', () => source.close())
  }

  const stop = () => {
    clearTimeout(timer)
    options.onState('off')
  }
  options.signal.addEventListener('abort', stop)
  const during = { signal: options.signal }
  const onOffline = () => {
    generation += 1
    fail()
  }
  addEventListener('offline', onOffline, during)
  addEventListener('online', () => void open(), during)
  void open()
}
