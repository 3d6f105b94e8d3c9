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
          on: { click: () => toast.remove() },
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
      while (element.childElementCount > SHOWN_MAX) element.firstElementChild?.remove()
      setTimeout(() => toast.remove(), SHOWN_MS)
    },
  }
}
