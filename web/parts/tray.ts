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

export function tray(app: App, onPage: (entries: TrayEntry[]) => void, signal: AbortSignal): PagedList {
  const { client } = app
  const scroller = h('div', {
    class: 'tray',
    tabindex: 0,
    role: 'group',
    'aria-label': 'People with stories',
  })
  const mine = h('div', { class: 'tray-mine' })
  const drawMine = (entry: TrayEntry | null) => mine.replaceChildren(ownRing(app, entry))
  drawMine(null)
  const drawn = new Map<string, { item: HTMLElement; entry: TrayEntry }>()
  const list = pagedList<TrayEntry>({
    class: 'tray-list',
    label: 'People with stories',
    root: scroller,
    async load(cursor) {
      const page = await client.api.tray({ cursor, limit: PAGE })
      const meId = client.store.get().user?.id
      const own = page.items.find((entry) => entry.author.id === meId)
      if (own) drawMine(own)
      const items = page.items.filter((entry) => entry.author.id !== meId)
      for (const entry of items) client.people.learn(entry.author)
      onPage(items)
      return { ...page, items }
    },
    draw(entry) {
      const item = h('li', {}, ring(app, entry))
      drawn.set(entry.author.id, { item, entry })
      return item
    },
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
    for (const { item, entry } of drawn.values()) {
      const known = stories.filter((story) => story.author_id === entry.author.id)
      if (entry.unseen === 0 || known.length < entry.stories) continue
      if (known.some((story) => !story.viewer.has_viewed)) continue
      entry.unseen = 0
      item.replaceChildren(ring(app, entry))
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

function ring(app: App, entry: TrayEntry): HTMLElement {
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

function ownRing(app: App, entry: TrayEntry | null): HTMLElement {
  const user = app.client.store.get().user
  const handle = user?.handle ?? ''
  const look = routeLink(
    app,
    entry ? `author/${user?.id}` : 'new',
    'tray-ring',
    avatar(handle, entry ? 'seen' : 'none', 'l'),
    h('span', { class: 'tray-name' }, 'You', aside(entry ? ': your own stories' : ': post your first story')),
  )
  const plus = routeLink(app, 'new', 'tray-plus', icon('plus', 16))
  plus.setAttribute('aria-label', 'Add a story')
  return h('div', { class: 'tray-own' }, look, plus)
}
