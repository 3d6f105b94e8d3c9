/** The rings of people with active stories: unseen first, one's own in front with a plus. */
import type { TrayEntry } from '../api-types.ts'
import type { App } from '../app.ts'
import { aside, h } from '../dom.ts'
import { routeLink } from '../shell.ts'
import { avatar } from './avatar.ts'
import { icon } from './icons.ts'
import { type PagedList, pagedList } from './paged-list.ts'

const PAGE = 100
const NEAR_START_PX = 100

/** @param onPage told of each page, and whether the tray begins with it */
export function tray(
  app: App,
  onPage: (entries: TrayEntry[], isFirst: boolean) => void,
  signal: AbortSignal,
): PagedList {
  const { client } = app
  const scroller = h('div', {
    class: 'tray',
    tabindex: 0,
    role: 'group',
    'aria-label': 'People with stories',
  })
  const mine = h('div', { class: 'tray-mine' })
  let hasOwn: boolean | null = null
  const drawMine = (next: boolean) => {
    if (next === hasOwn) return
    hasOwn = next
    keepFocus(mine, () => mine.replaceChildren(ownRing(app, next)))
  }
  drawMine(false)
  let isOwnFound = false
  type Drawn = { item: HTMLElement; entry: TrayEntry }
  const drawn = new Map<string, Drawn>()
  const redraw = (ring: Drawn, entry: TrayEntry) => {
    const isSame = ring.entry.unseen === entry.unseen
    ring.entry = entry
    if (!isSame) keepFocus(ring.item, () => ring.item.replaceChildren(ringOf(app, entry)))
  }
  const list = pagedList<TrayEntry>({
    class: 'tray-list',
    label: 'People with stories',
    root: scroller,
    async load(cursor) {
      const page = await client.api.tray({ cursor, limit: PAGE })
      const meId = client.store.get().user?.id
      const own = page.items.find((entry) => entry.author.id === meId)
      isOwnFound = own !== undefined || (isOwnFound && cursor !== null)
      // Whose stories are all seen may come on a later page.
      if (isOwnFound || !page.next_cursor) drawMine(isOwnFound)
      const items = page.items.filter((entry) => entry.author.id !== meId)
      for (const entry of items) {
        client.people.learn(entry.author)
        const known = drawn.get(entry.author.id)
        if (known) redraw(known, entry)
      }
      onPage(items, cursor === null)
      return { ...page, items }
    },
    draw(entry) {
      const item = h('li', {}, ringOf(app, entry))
      drawn.set(entry.author.id, { item, entry })
      return item
    },
    key: (entry) => entry.author.id,
    empty: h('p', { class: 'tray-empty muted' }, 'Nobody else yet: follow people to see their stories.'),
    skeleton: { class: 'bone-ring', count: 6 },
    signal,
  })
  scroller.append(mine, list.element)
  scroller.addEventListener('keydown', (event) => {
    if (event.target !== scroller || (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft')) return
    scroller.scrollBy({ left: event.key === 'ArrowRight' ? 240 : -240 })
  })

  /** Whoever has been watched to the end turns grey where they are. */
  function greyWatched(): void {
    const stories = Object.values(client.store.get().stories)
    for (const known of drawn.values()) {
      const { entry } = known
      const theirs = stories.filter((story) => story.author_id === entry.author.id)
      if (entry.unseen === 0 || theirs.length < entry.stories) continue
      if (theirs.some((story) => !story.viewer.has_viewed)) continue
      redraw(known, { ...entry, unseen: 0 })
    }
  }

  return {
    element: scroller,
    /** Starts over, unless the person has scrolled on: then nothing may move under their finger. */
    async reload() {
      if (scroller.scrollLeft > NEAR_START_PX) greyWatched()
      else await list.reload()
    },
  }
}

/** Draws anew what a link is in; one that had the focus gives it to the link in its place. */
function keepFocus(element: HTMLElement, draw: () => void): void {
  const links = () => [...element.querySelectorAll('a')]
  const focused = links().indexOf(document.activeElement as HTMLAnchorElement)
  draw()
  links()[focused]?.focus({ preventScroll: true })
}

function ringOf(app: App, entry: TrayEntry): HTMLElement {
  const { handle, id } = entry.author
  const state = entry.unseen > 0 ? 'unseen' : 'seen'
  const count = entry.unseen > 0 ? `, ${entry.unseen} new` : ', all seen'
  return routeLink(
    app,
    `author/${id}`,
    `tray-ring tray-${state}`,
    avatar(handle, state, 'l'),
    h('span', { class: 'tray-name' }, aside('Stories by '), handle, aside(count)),
  )
}

function ownRing(app: App, hasStories: boolean): HTMLElement {
  const user = app.client.store.get().user
  const handle = user?.handle ?? ''
  const look = routeLink(
    app,
    hasStories ? `author/${user?.id}` : 'new',
    'tray-ring',
    avatar(handle, hasStories ? 'seen' : 'none', 'l'),
    h(
      'span',
      { class: 'tray-name' },
      'You',
      aside(hasStories ? ': your own stories' : ': post your first story'),
    ),
  )
  const plus = routeLink(app, 'new', 'tray-plus', icon('plus', 16))
  plus.setAttribute('aria-label', 'Add a story')
  return h('div', { class: 'tray-own' }, look, plus)
}
