/** The small sign of the event stream's state. */
import type { App } from '../app.ts'
import { fill, h } from '../dom.ts'
import type { LiveState } from '../events.ts'

const WORDS: Record<LiveState, string> = {
  off: 'Not connected',
  connecting: 'Connecting',
  live: 'Live',
  waiting: 'Reconnecting',
  offline: 'Offline',
}

export function liveSign(app: App, signal: AbortSignal): HTMLElement {
  const sign = h('span', { class: 'live', title: 'State of the live event stream' })
  app.client.store.watch(
    (state) => (state.online ? state.live : 'offline'),
    (live) => {
      sign.dataset.state = live
      fill(sign, h('span', { class: 'live-dot' }), WORDS[live])
    },
    signal,
  )
  return sign
}
