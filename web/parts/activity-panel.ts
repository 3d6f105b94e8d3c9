/** "Who saw it, who reacted", filled as it happens. */
import type { App } from '../app.ts'
import type { Activity } from '../client.ts'
import { fill, h } from '../dom.ts'
import { timeAgo } from '../time.ts'
import { avatar } from './avatar.ts'
import { liveSign } from './live-sign.ts'
import { emptyState } from './paged-list.ts'

const REFRESH_MS = 30_000
const EXCERPT_MAX = 40

export function activityPanel(app: App, signal: AbortSignal): HTMLElement {
  const list = h('ol', { class: 'activity' })
  const draw = () => {
    const { activity } = app.client.store.get()
    fill(
      list,
      activity.map((item) => activityRow(app, item)),
    )
    empty.hidden = activity.length > 0
  }
  const empty = emptyState(
    'pulse',
    'Nothing yet',
    'When somebody sees or likes your story, it shows here at once.',
  )
  app.client.store.watch((state) => state.activity, draw, signal)
  const timer = setInterval(draw, REFRESH_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
  return h(
    'div',
    { class: 'panel' },
    h('div', { class: 'panel-head' }, h('h2', {}, 'Activity'), liveSign(app, signal)),
    empty,
    list,
  )
}

function activityRow(app: App, item: Activity): HTMLElement {
  const handle = item.handle.replace(/^@/, '')
  const story = app.client.store.get().stories[item.storyId]
  const what =
    item.kind === 'viewed' ? ' saw your story' : [' reacted ', h('span', { class: 'emoji' }, item.emoji)]
  const excerpt = story?.text ? `“${shorten(story.text)}”` : null
  return h(
    'li',
    { class: `activity-row activity-${item.kind}` },
    avatar(handle, 'none', 's'),
    h(
      'span',
      { class: 'activity-words' },
      h('strong', {}, item.handle),
      what,
      excerpt && h('span', { class: 'muted' }, excerpt),
    ),
    h('time', { class: 'muted', datetime: item.at }, timeAgo(item.at)),
  )
}

/** Counts whole characters: an emoji is two units of the string and must not be cut in half. */
export function shorten(text: string): string {
  const characters = [...text]
  return characters.length > EXCERPT_MAX ? `${characters.slice(0, EXCERPT_MAX).join('')}…` : text
}
