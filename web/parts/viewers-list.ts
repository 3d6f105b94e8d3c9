/** Who saw an own story and what they felt; fills as it happens. */
import type { StoryViewer } from '../api-types.ts'
import type { App } from '../app.ts'
import { h } from '../dom.ts'
import { timeAgo } from '../time.ts'
import { avatar } from './avatar.ts'
import { emptyState, pagedList } from './paged-list.ts'

export function viewersList(app: App, storyId: string, signal: AbortSignal): HTMLElement {
  const list = pagedList<StoryViewer>({
    class: 'people',
    label: 'Viewers',
    async load(cursor) {
      const page = await app.client.api.viewers(storyId, { cursor })
      for (const item of page.items) app.client.people.learn(item.user)
      return page
    },
    draw: (item) =>
      h(
        'li',
        { class: 'person' },
        avatar(item.user.handle, 'none', 'm'),
        h(
          'span',
          { class: 'person-name' },
          item.user.handle,
          h('span', { class: 'muted' }, seenAt(item.viewed_at)),
        ),
        item.reaction &&
          h(
            'span',
            { class: 'person-reaction', role: 'img', 'aria-label': `Reacted ${item.reaction}` },
            item.reaction,
          ),
      ),
    empty: emptyState('eye', 'Nobody yet', 'People who see this story show up here at once.'),
    skeleton: { class: 'bone-row', count: 3 },
    signal,
  })
  let seen = ''
  app.client.store.watch(
    (state) => state.activity.find((item) => item.storyId === storyId)?.id ?? '',
    (id) => {
      if (seen !== '' || id !== '') void (seen !== id && list.reload())
      seen = id
    },
    signal,
  )
  return list.element
}

function seenAt(at: string): string {
  const ago = timeAgo(at)
  return ago === 'now' ? 'just now' : `${ago} ago`
}
