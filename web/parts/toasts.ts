/** Short notices at the edge of the app, read out by a live region. */
import { h } from '../dom.ts'
import { icon } from './icons.ts'

export type Toast = { words: string; emoji?: string; kind?: 'plain' | 'wrong' }
export type Toaster = { element: HTMLElement; show(toast: Toast): void }

const SHOWN_MS = 5000
const SHOWN_MAX = 3

export function createToaster(): Toaster {
  const element = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' })
  return {
    element,
    show({ words, emoji, kind = 'plain' }) {
      const close = h(
        'button',
        {
          class: 'icon-button',
          type: 'button',
          'aria-label': 'Dismiss',
          on: { click: () => takeAway(toast) },
        },
        icon('close', 16),
      )
      const toast = h(
        'div',
        { class: `toast toast-${kind}` },
        emoji && h('span', { class: 'emoji toast-emoji', 'aria-hidden': 'true' }, emoji),
        h('span', {}, words),
        close,
      )
      element.append(toast)
      for (const oldest of [...element.children].slice(0, -SHOWN_MAX)) takeAway(oldest)
      setTimeout(() => takeAway(toast), SHOWN_MS)
    },
  }
}

/** Its focus goes to what the person is at, where keys are heard: the layer, or else the screen. */
function takeAway(toast: Element): void {
  const hadFocus = toast.contains(document.activeElement)
  const app = toast.closest('.app')
  toast.remove()
  if (!hadFocus) return
  const heir = app?.querySelector('.layer-host > *') ?? app?.querySelector('[tabindex="-1"]')
  if (heir instanceof HTMLElement) heir.focus({ preventScroll: true })
}
