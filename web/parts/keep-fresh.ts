/** Keeps what is on screen true while time passes: what ended goes, times count down, others' news come in. */
import { dropEnded } from '../actions.ts'
import type { App } from '../app.ts'
import { timeLeft } from '../time.ts'

const TICK_MS = 1000
const REFRESH_MS = 45_000
const TOP_PX = 300

/** Counts down every element with `data-expires` below `root`, and drops stories at their end. */
export function tickTimes(app: App, root: HTMLElement, signal: AbortSignal): void {
  const tick = () => {
    dropEnded(app.client)
    for (const element of root.querySelectorAll<HTMLElement>('[data-expires]')) {
      const words = timeLeft(element.dataset.expires ?? '')
      if (element.textContent !== words) element.textContent = words
    }
  }
  const timer = setInterval(tick, TICK_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
}

/** Runs `reload` now and then, and when the person comes back, unless that would move what is being read. */
export function keepFresh(app: App, element: HTMLElement, reload: () => void, signal: AbortSignal): void {
  const refresh = () => {
    const isAtTop = (element.closest('.middle')?.scrollTop ?? 0) < TOP_PX
    if (!document.hidden && navigator.onLine && isAtTop && !app.router.get().layer) reload()
  }
  const timer = setInterval(refresh, REFRESH_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
  document.addEventListener('visibilitychange', refresh, { signal })
  addEventListener('online', refresh, { signal })
}
