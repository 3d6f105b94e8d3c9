/** A 429 as people read it: how many seconds to wait, counted down. */
import type { App } from '../app.ts'
import { h } from '../dom.ts'

const TICK_MS = 250

/** Runs with the seconds left until the service may be asked again, 0 when there is no need to wait. */
export function watchWait(app: App, run: (seconds: number) => void, signal: AbortSignal): void {
  let timer: ReturnType<typeof setInterval> | undefined
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((app.client.store.get().waitUntilMs - Date.now()) / 1000))
    run(seconds)
    if (seconds === 0) clearInterval(timer)
  }
  app.client.store.watch(
    (state) => state.waitUntilMs,
    () => {
      clearInterval(timer)
      timer = setInterval(tick, TICK_MS)
      tick()
    },
    signal,
  )
  signal.addEventListener('abort', () => clearInterval(timer))
}

export function waitNotice(app: App, signal: AbortSignal): HTMLElement {
  // Read out once: a voice that counts every second would say nothing else.
  const seconds = h('strong', { 'aria-hidden': 'true' })
  const notice = h(
    'div',
    { class: 'notice notice-wait', role: 'status' },
    'That was a lot at once. ',
    seconds,
  )
  watchWait(
    app,
    (left) => {
      notice.hidden = left === 0
      if (left > 0) seconds.textContent = `Wait ${left} s`
    },
    signal,
  )
  return notice
}
