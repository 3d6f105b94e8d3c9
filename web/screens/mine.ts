/** Own stories: how each one is doing, who saw it, and a way to take it down. */
import { putStories } from '../actions.ts'
import { EMOJI, type Story } from '../api-types.ts'
import type { App } from '../app.ts'
import { fill, h } from '../dom.ts'
import { icon } from '../parts/icons.ts'
import { emptyState, pagedList, takeOut } from '../parts/paged-list.ts'
import { removeButton } from '../parts/remove-button.ts'
import { drawStoryFace } from '../parts/story-face.ts'
import { viewersList } from '../parts/viewers-list.ts'
import { AUDIENCES, audienceOf } from '../parts/visibility.ts'
import { routeLink } from '../shell.ts'
import { nounFor, shortCount, timeLeft } from '../time.ts'

export function mineScreen(app: App, signal: AbortSignal): HTMLElement {
  const { client } = app
  const list = pagedList<string>({
    class: 'mine',
    label: 'Your stories',
    async load(cursor) {
      const page = await client.api.myStories({ cursor })
      return { ...page, items: putStories(client, page.items) }
    },
    draw: (id) => ownStory(app, id, signal),
    key: (id) => id,
    empty: emptyState(
      'image',
      'Nothing posted',
      'Your stories of the last day are kept here.',
      routeLink(app, 'new', 'button button-main', 'New story'),
    ),
    skeleton: { class: 'bone-wide', count: 3 },
    signal,
  })
  let version = client.store.get().feedVersion
  client.store.watch(
    (state) => state.feedVersion,
    (next) => {
      if (next !== version) void list.reload()
      version = next
    },
    signal,
  )
  return h('div', { class: 'screen' }, h('h1', {}, 'Your stories'), list.element)
}

function ownStory(app: App, storyId: string, signal: AbortSignal): HTMLElement {
  const story = app.client.store.get().stories[storyId]
  const item = h('li', { class: 'own' })
  if (!story) return item
  const numbers = h('div', { class: 'own-numbers' })
  const viewers = h('div', { class: 'own-viewers', hidden: true })
  const show = h(
    'button',
    { class: 'button button-small', type: 'button', 'aria-expanded': 'false' },
    'Who saw it',
  )
  show.addEventListener('click', () => {
    viewers.hidden = !viewers.hidden
    show.setAttribute('aria-expanded', String(!viewers.hidden))
    if (!viewers.hidden && !viewers.childElementCount) fill(viewers, viewersList(app, storyId, signal))
  })
  const audience = AUDIENCES[audienceOf(app.client, story)]
  const open = routeLink(app, `story/${storyId}`, 'own-face', drawStoryFace(app, story))
  open.setAttribute('aria-label', `Open: ${story.text ?? 'your story'}`)
  fill(
    item,
    open,
    h(
      'div',
      { class: 'own-words' },
      h(
        'p',
        { class: 'own-text' },
        story.text ?? (story.media_type?.startsWith('video/') ? 'Video' : 'Photo'),
      ),
      h(
        'p',
        { class: 'muted own-meta' },
        icon(audience.icon, 16),
        `${audience.label} · `,
        h('span', { 'data-expires': story.expires_at }, timeLeft(story.expires_at)),
      ),
      numbers,
      h('div', { class: 'row' }, show, removeButton(app, storyId, 'button-small button-quiet')),
    ),
    viewers,
  )
  app.client.store.watch(
    (state) => state.stories[storyId],
    (now) => (now ? fill(numbers, drawNumbers(now)) : takeOut(item)),
    signal,
  )
  return item
}

function drawNumbers(story: Story): HTMLElement[] {
  const views = h(
    'span',
    { class: 'number' },
    icon('eye', 17),
    `${shortCount(story.counters.views)} ${nounFor(story.counters.views, 'view')}`,
  )
  const reactions = EMOJI.filter((emoji) => story.counters.reactions[emoji] > 0)
  return [
    views,
    ...reactions.map((emoji) =>
      h('span', { class: 'number emoji' }, `${emoji} ${shortCount(story.counters.reactions[emoji])}`),
    ),
  ]
}
