/** The order in which the viewer shows stories: one person's, oldest first, then the next person of the tray. */
import { putStories } from '../actions.ts'
import type { App } from '../app.ts'
import type { Layer } from '../router.ts'
import { trayOrder } from '../screens/feed.ts'

export type Playlist = { authorId: string; storyIds: string[]; index: number }

const PAGE = 100

/** What to show for an address; null when there is nothing the person may see. */
export async function startPlaylist(
  app: App,
  layer: Extract<Layer, { id: string }>,
): Promise<Playlist | null> {
  if (layer.kind === 'author') return playAuthor(app, layer.id)
  const known = app.client.store.get().stories[layer.id]
  const story = known ?? (await app.client.api.story(layer.id))
  putStories(app.client, [story])
  const list = await playAuthor(app, story.author_id)
  const index = list?.storyIds.indexOf(story.id) ?? -1
  if (list && index >= 0) return { ...list, index }
  // Behind the author's newest hundred, or gone since it was listed: only the service knows.
  if (known) putStories(app.client, [await app.client.api.story(story.id)])
  return { authorId: story.author_id, storyIds: [story.id], index: 0 }
}

/** The person before or after in the tray, if there is one with stories left. */
export async function playNeighbour(app: App, authorId: string, step: 1 | -1): Promise<Playlist | null> {
  const order = trayOrder.get(app) ?? []
  for (let at = order.indexOf(authorId) + step; order.includes(authorId) && order[at]; at += step) {
    const list = await playAuthor(app, order[at] ?? '')
    if (list) return list
  }
  return null
}

/** A person's stories from the first one not seen yet. */
async function playAuthor(app: App, authorId: string): Promise<Playlist | null> {
  const page = await app.client.api.storiesOf(authorId, { limit: PAGE })
  const storyIds = putStories(app.client, page.items)
  if (storyIds.length === 0) return null
  const unseen = page.items.findIndex((story) => !story.viewer.has_viewed)
  const own = authorId === app.client.store.get().user?.id
  return { authorId, storyIds, index: own ? 0 : Math.max(0, unseen) }
}
