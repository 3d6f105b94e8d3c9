/** A list that loads page after page as its end comes near, with skeletons, an empty state and a retry. */
import type { Page } from '../api-types.ts'
import { fill, h } from '../dom.ts'
import { toProblem } from '../problem.ts'
import { type IconName, icon } from './icons.ts'

type Options<Item> = {
  class: string
  label: string
  load(cursor: string | null): Promise<Page<Item>>
  draw(item: Item): HTMLElement
  /** Items with the key of one that is drawn already keep their element when the list is loaded anew. */
  key?(item: Item): string
  empty: HTMLElement
  skeleton: { class: string; count: number }
  /** The element that scrolls, when it is not the page. */
  root?: HTMLElement
  signal: AbortSignal
}

export type PagedList = { element: HTMLElement; reload(): Promise<void> }

export function pagedList<Item>(options: Options<Item>): PagedList {
  const list = h('ul', { class: options.class, 'aria-label': options.label })
  const end = h('div', { class: 'list-end' })
  const element = h('div', { class: 'list' }, list, end)
  let cursor: string | null = null
  let busy = false
  let ended = false
  let generation = 0

  const known = new Map<string, HTMLElement>()
  const draw = (item: Item): HTMLElement => {
    const key = options.key?.(item)
    const element = (key && known.get(key)) || options.draw(item)
    if (key) known.set(key, element)
    return element
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void more()
    },
    // The app scrolls inside itself: `scrollMargin` reaches past that scroller as `rootMargin` does past the window.
    { root: options.root ?? null, rootMargin: '600px', scrollMargin: '600px' } as IntersectionObserverInit,
  )
  // Items take themselves out, and with the last of them the list is as empty as one that came so.
  const leaving = new MutationObserver(() => {
    if (ended && !list.childElementCount && !end.childElementCount) fill(end, options.empty)
  })
  leaving.observe(list, { childList: true })
  options.signal.addEventListener('abort', () => {
    watcher.disconnect()
    leaving.disconnect()
  })

  async function more(): Promise<void> {
    if (busy || ended || options.signal.aborted) return
    busy = true
    const mine = generation
    const first = cursor === null
    if (first && !list.childElementCount) fill(end, skeletons(options.skeleton))
    try {
      const page = await options.load(cursor)
      if (mine !== generation || options.signal.aborted) return
      const drawn = page.items.map(draw)
      if (first) replaceItems(list, drawn)
      else list.append(...drawn)
      cursor = page.next_cursor
      ended = cursor === null
      fill(end, first && page.items.length === 0 && options.empty)
    } catch (error) {
      if (mine !== generation || options.signal.aborted) return
      ended = true
      fill(
        end,
        failure(toProblem(error).words, () => void retry()),
      )
    } finally {
      if (mine === generation) busy = false
    }
    watcher.unobserve(end)
    // Observing anew reports at once whether the end is still in sight.
    if (!ended) watcher.observe(end)
  }

  async function retry(): Promise<void> {
    ended = false
    // The button that was pressed goes; keys are still heard.
    passFocusOn(end, () => fill(end), null)
    await more()
  }

  /** Starts over; what is drawn stays until the new first page is here. */
  async function reload(): Promise<void> {
    generation += 1
    cursor = null
    busy = false
    ended = false
    await more()
  }
  void more()
  return { element, reload }
}

/** Takes an item out of its list; the focus in it goes on to the one beside it. */
export function takeOut(item: HTMLElement): void {
  const beside = item.nextElementSibling ?? item.previousElementSibling
  passFocusOn(item, () => item.remove(), beside?.querySelector('a'))
}

/** What had the focus and stays in the list keeps it. */
function replaceItems(list: HTMLElement, items: readonly HTMLElement[]): void {
  passFocusOn(list, () => list.replaceChildren(...items), document.activeElement)
}

/** Does something that may take the focus out of an element; then `heir` gets it, or the screen when there is none any more. */
function passFocusOn(element: HTMLElement, work: () => void, heir: Element | null | undefined): void {
  const hadFocus = element.contains(document.activeElement)
  const screen = element.closest('[tabindex="-1"]')
  work()
  const target = heir?.isConnected ? heir : screen
  if (hadFocus && target instanceof HTMLElement) target.focus({ preventScroll: true })
}

function skeletons({ class: name, count }: { class: string; count: number }): HTMLElement {
  const bones = Array.from({ length: count }, () => h('div', { class: `bone ${name}` }))
  return h('div', { class: 'bones', role: 'status', 'aria-label': 'Loading' }, bones)
}

function failure(words: string, retry: () => void): HTMLElement {
  const button = h(
    'button',
    { class: 'button button-quiet', type: 'button', on: { click: retry } },
    'Try again',
  )
  return h('div', { class: 'empty' }, h('p', {}, words), button)
}

/** What an empty list says, with an optional next step. */
export function emptyState(name: IconName, title: string, line: string, action?: HTMLElement): HTMLElement {
  return h(
    'div',
    { class: 'empty' },
    h('span', { class: 'empty-icon' }, icon(name, 30)),
    h('h2', {}, title),
    h('p', {}, line),
    action,
  )
}
