/** One event stream for all tabs: the tab that holds a lock opens it and passes everything on. */
import type { LiveEvent, LiveState } from './events.ts'

type Message = { kind: 'event'; event: LiveEvent } | { kind: 'state'; state: LiveState } | { kind: 'hello' }

export type Listener = { onEvent(event: LiveEvent): void; onState(state: LiveState): void }

/**
 * Shares a stream under `name` among the tabs of one browser. When the leading tab closes, its lock passes on
 * and the next tab resumes from the position kept in storage. Where a browser has no locks (outside of HTTPS and
 * localhost), each tab has a stream of its own and tells nobody.
 *
 * @param lead opens the real stream; called in the leading tab only
 */
export function shareEvents(
  name: string,
  lead: (listener: Listener, signal: AbortSignal) => void,
  listener: Listener,
  signal: AbortSignal,
): void {
  if (!navigator.locks) {
    lead(listener, signal)
    return
  }
  const channel = new BroadcastChannel(name)
  let leading = false
  let state: LiveState = 'connecting'
  const say = (message: Message) => {
    if (!signal.aborted) channel.postMessage(message)
  }

  channel.onmessage = (message: MessageEvent<Message>) => {
    if (message.data.kind === 'hello' && leading) say({ kind: 'state', state })
    if (message.data.kind === 'event') listener.onEvent(message.data.event)
    if (message.data.kind === 'state') listener.onState(message.data.state)
  }
  signal.addEventListener('abort', () => channel.close())
  say({ kind: 'hello' })

  const takeLead = () => {
    leading = true
    const both: Listener = {
      onEvent(event) {
        say({ kind: 'event', event })
        listener.onEvent(event)
      },
      onState(next) {
        state = next
        say({ kind: 'state', state })
        listener.onState(next)
      },
    }
    lead(both, signal)
    return new Promise<void>((release) => signal.addEventListener('abort', () => release()))
  }
  navigator.locks.request(name, { signal }, takeLead).catch(() => undefined)
}
