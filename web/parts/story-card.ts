/** A story in a grid: its face, whose it is, how long it lives. Opens the viewer. */
import type { Story } from '../api-types.ts'
import type { App } from '../app.ts'
import { aside, fill, h } from '../dom.ts'
import { nounFor, shortCount, timeLeft } from '../time.ts'
import { avatar } from './avatar.ts'
import { icon } from './icons.ts'
import { takeOut } from './paged-list.ts'
import { drawStoryFace } from './story-face.ts'
import { AUDIENCES, audienceOf } from './visibility.ts'

/** A card that follows the story in the state and takes itself out when the story is gone. */
export function storyCard(app: App, storyId: string, signal: AbortSignal): HTMLElement {
  // The link stays whatever is drawn in it, and the focus with it.
  const link = h('a', {
    class: 'card',
    href: app.router.href(`story/${storyId}`),
    on: {
      click(event) {
        event.preventDefault()
        app.router.go(`story/${storyId}`)
      },
    },
  })
  const item = h('li', { class: 'card-item' }, link)
  let drawnUrl: string | null | undefined
  app.client.store.watch(
    (state) => state.stories[storyId],
    (story) => {
      if (!story) return takeOut(item)
      // Media keeps its element while only numbers change, so that nothing flickers.
      if (drawnUrl !== story.media_url) {
        drawnUrl = story.media_url
        fill(
          link,
          h('span', { class: 'card-top' }),
          drawStoryFace(app, story),
          !story.text && aside(story.media_type?.startsWith('video/') ? 'a video' : 'a photo'),
          h('span', { class: 'card-foot' }),
        )
      }
      update(link, app, story)
    },
    signal,
  )
  return item
}

function update(link: HTMLAnchorElement, app: App, story: Story): void {
  const own = story.author_id === app.client.store.get().user?.id
  const seen = own || story.viewer.has_viewed
  const reactions = Object.values(story.counters.reactions).reduce((sum, count) => sum + count, 0)
  link.classList.toggle('card-seen', seen)
  const top = link.querySelector('.card-top')
  const foot = link.querySelector('.card-foot')
  if (!top || !foot) return
  fill(
    top,
    avatar(story.author.handle, seen ? 'seen' : 'unseen', 's'),
    h('span', { class: 'card-name' }, own ? 'Your story' : [aside('Story by '), story.author.handle]),
    story.visibility !== 'public' && icon(AUDIENCES[audienceOf(app.client, story)].icon, 15),
  )
  fill(
    foot,
    h('span', { 'data-expires': story.expires_at }, timeLeft(story.expires_at)),
    h(
      'span',
      { class: 'card-counts' },
      icon('eye', 15),
      shortCount(story.counters.views),
      aside(nounFor(story.counters.views, ' view')),
    ),
    reactions > 0 &&
      h(
        'span',
        { class: 'card-counts' },
        icon('heart', 15),
        shortCount(reactions),
        aside(nounFor(reactions, ' reaction')),
      ),
    !seen && aside('not seen yet'),
  )
}
