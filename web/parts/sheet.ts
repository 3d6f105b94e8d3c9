/** A dialog that slides over the screen, with a title for assistive technology and a way out. */
import type { App } from '../app.ts'
import { h } from '../dom.ts'
import { icon } from './icons.ts'

export function sheet(app: App, label: string, ...children: HTMLElement[]): HTMLElement {
  const close = h(
    'button',
    {
      class: 'icon-button sheet-close',
      type: 'button',
      'aria-label': 'Close',
      on: { click: () => app.router.leave() },
    },
    icon('close'),
  )
  const backdrop = h('div', { class: 'backdrop', on: { click: () => app.router.leave() } })
  const box = h(
    'div',
    { class: 'sheet', role: 'dialog', 'aria-modal': 'true', 'aria-label': label, tabindex: -1 },
    close,
    children,
  )
  const layer = h('div', { class: 'layer', tabindex: -1 }, backdrop, box)
  layer.addEventListener('focus', () => box.focus())
  return layer
}
