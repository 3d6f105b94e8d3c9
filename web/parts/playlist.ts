/** The order in which the viewer shows stories: one person's, oldest first, then the next person of the tray. */
import { putStories } from '../actions.ts'
import type { Page, Story } from '../api-types.ts'
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
  const list = await playAuthor(app, story.author_id, (stories) => stories.some(({ id }) => id === story.id))
  const index = list?.storyIds.indexOf(story.id) ?? -1
  if (list && index >= 0) return { ...list, index }
  // Gone since it was listed, perhaps: only the service knows.
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

const isNew = (story: Story) => !story.viewer.has_viewed

/** A person's stories, as far as `isEnough` asks for, from the first one not seen yet; all of one's own, from the oldest. */
async function playAuthor(
  app: App,
  authorId: string,
  isEnough = (stories: readonly Story[]) => stories.some(isNew),
): Promise<Playlist | null> {
  const own = authorId === app.client.store.get().user?.id
  const stories: Story[] = []
  let cursor: string | null = null
  do {
    const page: Page<Story> = await app.client.api.storiesOf(authorId, { cursor, limit: PAGE })
    stories.push(...page.items)
    cursor = page.next_cursor
  } while (cursor !== null && (own || !isEnough(stories)))
  const storyIds = putStories(app.client, stories)
  if (storyIds.length === 0) return null
  return { authorId, storyIds, index: own ? 0 : Math.max(0, stories.findIndex(isNew)) }
}
