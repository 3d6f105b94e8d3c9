/** Search over everything one may see, with the matches marked. */
import { noteProblem, putStories } from '../actions.ts'
import type { FoundStory } from '../api-types.ts'
import type { App } from '../app.ts'
import { fill, h } from '../dom.ts'
import { avatar } from '../parts/avatar.ts'
import { field } from '../parts/field.ts'
import { readHighlight } from '../parts/highlight.ts'
import { emptyState, pagedList } from '../parts/paged-list.ts'
import { drawStoryFace } from '../parts/story-face.ts'
import { routeLink } from '../shell.ts'
import { timeLeft } from '../time.ts'

const TYPING_MS = 250

export function searchScreen(app: App, signal: AbortSignal): HTMLElement {
  const { client } = app
  const search = field('Search stories', {
    name: 'q',
    type: 'search',
    maxlength: 200,
    autocomplete: 'off',
    placeholder: 'Words, "a phrase", -without',
  })
  const host = h('div', {})
  let scene = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  signal.addEventListener('abort', () => scene.abort())

  function show(): void {
    scene.abort()
    scene = new AbortController()
    const q = search.input.value.trim()
    if (!q) {
      fill(
        host,
        emptyState('search', 'Looking for something?', 'Search the words of every story you may see.'),
      )
      return
    }
    const results = pagedList<FoundStory>({
      class: 'results',
      label: 'Results',
      async load(cursor) {
        const page = await client.api.search(q, { cursor }).catch((error: unknown) => {
          throw noteProblem(client, error)
        })
        putStories(client, page.items)
        return page
      },
      draw: (found) => resultRow(app, found),
      empty: emptyState(
        'search',
        'No story says that',
        'Whole words are looked for: try fewer or other ones.',
      ),
      skeleton: { class: 'bone-row', count: 4 },
      signal: scene.signal,
    })
    fill(host, results.element)
  }

  search.input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(show, TYPING_MS)
  })
  signal.addEventListener('abort', () => clearTimeout(timer))
  show()
  return h('div', { class: 'screen' }, h('h1', {}, 'Search'), search.element, host)
}

function resultRow(app: App, found: FoundStory): HTMLElement {
  const words = h('span', { class: 'result-words' })
  for (const part of readHighlight(found.highlight)) {
    words.append(part.isMatch ? h('mark', {}, part.text) : part.text)
  }
  const who = h(
    'span',
    { class: 'result-who muted' },
    avatar(found.author.handle, 'none', 's'),
    `${found.author.handle} · ${timeLeft(found.expires_at)}`,
  )
  return h(
    'li',
    {},
    routeLink(
      app,
      `story/${found.id}`,
      'result',
      h('span', { class: 'result-face', 'aria-hidden': 'true' }, drawStoryFace(app, found)),
      h('span', { class: 'result-body' }, who, words),
    ),
  )
}
