/** Home: the tray of rings and, below it, the newest stories. */
import { putStories } from '../actions.ts'
import type { App } from '../app.ts'
import { h } from '../dom.ts'
import { keepFresh } from '../parts/keep-fresh.ts'
import { emptyState, pagedList } from '../parts/paged-list.ts'
import { storyCard } from '../parts/story-card.ts'
import { tray } from '../parts/tray.ts'
import { routeLink } from '../shell.ts'

const PAGE = 24

/** The people of the tray in its order, so that the viewer can go on from one to the next. */
export const trayOrder = new WeakMap<App, string[]>()

export function feedScreen(app: App, signal: AbortSignal): HTMLElement {
  const { client } = app
  const order: string[] = []
  trayOrder.set(app, order)
  const rings = tray(
    app,
    (entries, isFirst) => {
      if (isFirst) order.length = 0
      for (const entry of entries) if (!order.includes(entry.author.id)) order.push(entry.author.id)
    },
    signal,
  )
  const feed = pagedList<string>({
    class: 'grid',
    label: 'Newest stories',
    async load(cursor) {
      const page = await client.api.feed({ cursor, limit: PAGE })
      return { ...page, items: putStories(client, page.items) }
    },
    draw: (storyId) => storyCard(app, storyId, signal),
    key: (storyId) => storyId,
    empty: emptyState(
      'image',
      'It is quiet here',
      'Post the first story, or find people to follow.',
      h(
        'div',
        { class: 'row' },
        routeLink(app, 'new', 'button button-main', 'New story'),
        routeLink(app, 'people', 'button', 'Find people'),
      ),
    ),
    skeleton: { class: 'bone-card', count: 6 },
    signal,
  })
  const reload = () => {
    void rings.reload()
    void feed.reload()
  }
  keepFresh(app, feed.element, reload, signal)
  let version = client.store.get().feedVersion
  client.store.watch(
    (state) => state.feedVersion,
    (next) => {
      if (next === version) return
      version = next
      reload()
    },
    signal,
  )
  // Rings turn grey once the viewer is left.
  app.router.onChange(() => {
    if (!app.router.get().layer) void rings.reload()
  }, signal)
  return h(
    'div',
    { class: 'screen' },
    h('h1', { class: 'visually-hidden' }, 'Stories'),
    rings.element,
    h('h2', { class: 'section-title' }, 'Newest'),
    feed.element,
  )
}
