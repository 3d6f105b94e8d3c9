/** The calls and events of the side-by-side page as they happen, each one to copy as a curl command. */
import { h } from '../dom.ts'
import type { LiveEvent } from '../events.ts'
import type { Call } from '../http.ts'

const ROWS_MAX = 200

export type CallStrip = {
  element: HTMLElement
  addCall(call: Call): void
  addEvent(account: string, event: LiveEvent): void
}

export function callStrip(): CallStrip {
  const rows = h('div', { class: 'strip-rows', role: 'log', 'aria-label': 'Calls and events', tabindex: 0 })
  const said = h('span', { class: 'muted', role: 'status' })
  const clear = h(
    'button',
    { class: 'copy', type: 'button', on: { click: () => rows.replaceChildren() } },
    'Clear',
  )
  const add = (row: HTMLElement) => {
    rows.prepend(row)
    if (rows.childElementCount > ROWS_MAX) rows.lastElementChild?.remove()
  }
  async function copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      said.textContent = 'Copied. It carries a demo token that ends in a few minutes.'
    } catch {
      said.textContent = 'This browser does not let the page copy.'
    }
  }
  const head = h(
    'div',
    { class: 'strip-head' },
    h('h2', {}, 'Calls and events'),
    said,
    h('span', { class: 'grow' }),
    clear,
  )
  return {
    element: h('footer', { class: 'strip', 'aria-label': 'Calls and events' }, head, rows),
    addCall(call) {
      const good = call.status > 0 && call.status < 400
      const button = h(
        'button',
        {
          class: 'copy',
          type: 'button',
          title: 'Copy as curl',
          'aria-label': `Copy ${call.method} ${call.path} as curl`,
          on: { click: () => void copy(toCurl(call)) },
        },
        'curl',
      )
      add(
        h(
          'div',
          { class: 'strip-row' },
          h('span', { class: 'muted' }, call.account),
          h('span', { class: 'strip-method' }, call.method),
          h('span', { class: 'strip-path', title: call.path }, call.path.replace(/\?X-Amz.*/, '')),
          h('span', { class: good ? 'status-good' : 'status-wrong' }, call.status || '—'),
          h('span', { class: 'strip-ms' }, `${Math.round(call.ms)} ms`),
          button,
        ),
      )
    },
    addEvent(account, event) {
      const data = JSON.stringify(event.data)
      add(
        h(
          'div',
          { class: 'strip-row strip-event' },
          h('span', { class: 'muted' }, account),
          h('span', { class: 'strip-method' }, event.type),
          h('span', { class: 'strip-path', title: data }, data),
          h('span', {}, 'live'),
          h('span', { class: 'strip-ms' }, 'event'),
          h(
            'button',
            {
              class: 'copy',
              type: 'button',
              'aria-label': `Copy the stream of ${account} as curl`,
              on: {
                click: () =>
                  void copy(`curl -N -H "Authorization: Bearer $TOKEN" '${location.origin}/events'`),
              },
            },
            'curl',
          ),
        ),
      )
    },
  }
}

/** The call as a command that works when pasted into a shell. */
export function toCurl(call: Omit<Call, 'account' | 'status' | 'ms'>): string {
  const url = new URL(call.path, location.origin).href
  const parts = [`curl -i -X ${call.method} ${quote(url)}`]
  for (const [name, value] of Object.entries(call.headers)) parts.push(`-H ${quote(`${name}: ${value}`)}`)
  if (/[?&]X-Amz-Signature=/.test(call.path)) parts.push('--data-binary @FILE')
  if (call.body !== undefined) parts.push(`--data ${quote(JSON.stringify(call.body))}`)
  return parts.join(' \\\n  ')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
