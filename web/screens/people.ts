/** People: find by handle, follow and unfollow, one's own followers and whom one follows. */
import { noteProblem, refreshFeed } from '../actions.ts'
import type { Page, PersonRef } from '../api-types.ts'
import type { App } from '../app.ts'
import { aside, fill, h } from '../dom.ts'
import { avatar } from '../parts/avatar.ts'
import { field } from '../parts/field.ts'
import { emptyState, pagedList } from '../parts/paged-list.ts'
import { routeLink } from '../shell.ts'
import { createWishes } from '../wishes.ts'

const TYPING_MS = 200
const FOLLOWED_MAX = 100

type Row = PersonRef & { following: boolean }

export function peopleScreen(app: App, signal: AbortSignal): HTMLElement {
  const { api } = app.client
  const search = field('Find people', {
    name: 'q',
    type: 'search',
    autocomplete: 'off',
    placeholder: 'Handle',
    spellcheck: 'false',
  })
  const host = h('div', {})
  let tab: 'following' | 'followers' = 'following'
  let scene = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  signal.addEventListener('abort', () => scene.abort())

  const tabs = (['following', 'followers'] as const).map((name) => {
    const label = name === 'following' ? 'Following' : 'Followers'
    const button = h('button', { class: 'tab', type: 'button' }, label)
    button.addEventListener('click', () => {
      tab = name
      search.input.value = ''
      show()
    })
    return { name, button }
  })

  function show(): void {
    scene.abort()
    scene = new AbortController()
    const q = search.input.value.trim().toLowerCase().replace(/^@/, '')
    for (const { name, button } of tabs) button.setAttribute('aria-pressed', String(!q && name === tab))
    fill(
      host,
      q
        ? list(`Handles that begin with “${q}”`, (cursor) => api.findPeople(q, { cursor }))
        : list(tab === 'following' ? 'Following' : 'Followers', (cursor) =>
            tab === 'following' ? loadFollowing(app, cursor) : loadFollowers(app, cursor),
          ),
    )
  }

  function list(label: string, load: (cursor: string | null) => Promise<Page<Row>>): HTMLElement {
    return pagedList<Row>({
      class: 'people',
      label,
      load,
      draw: (row) => personRow(app, row),
      empty: emptyState(
        'people',
        'Nobody here',
        label.startsWith('Handles') ? 'No handle begins like this.' : 'Find people by their handle above.',
      ),
      skeleton: { class: 'bone-row', count: 4 },
      signal: scene.signal,
    }).element
  }

  search.input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(show, TYPING_MS)
  })
  signal.addEventListener('abort', () => clearTimeout(timer))
  show()
  return h(
    'div',
    { class: 'screen' },
    h('h1', {}, 'People'),
    search.element,
    h(
      'div',
      { class: 'tabs', role: 'group', 'aria-label': 'Which people' },
      tabs.map(({ button }) => button),
    ),
    host,
  )
}

async function loadFollowing(app: App, cursor: string | null): Promise<Page<Row>> {
  const page = await app.client.api.following({ cursor })
  return { ...page, items: page.items.map((person) => ({ ...person, following: true })) }
}

async function loadFollowers(app: App, cursor: string | null): Promise<Page<Row>> {
  const { api } = app.client
  const [page, followed] = await Promise.all([
    api.followers({ cursor }),
    api.following({ limit: FOLLOWED_MAX }),
  ])
  const ids = new Set(followed.items.map((person) => person.id))
  // So that they can be followed back; of who follows more people than one answer holds, each is asked for.
  const isFollowed = async (id: string) =>
    ids.has(id) || (followed.next_cursor !== null && (await api.person(id)).following)
  const rows = page.items.map(async (person) => ({ ...person, following: await isFollowed(person.id) }))
  return { ...page, items: await Promise.all(rows) }
}

function personRow(app: App, row: Row): HTMLElement {
  app.client.people.learn(row)
  const name = routeLink(
    app,
    `author/${row.id}`,
    'person-link',
    avatar(row.handle, 'none', 'm'),
    h('span', { class: 'person-name' }, aside('Stories by '), row.handle),
  )
  const isMe = row.id === app.client.store.get().user?.id
  return h(
    'li',
    { class: 'person' },
    name,
    isMe ? h('span', { class: 'muted' }, 'That is you') : followButton(app, row),
  )
}

const follows = createWishes<boolean>()

/** Follows and unfollows; the button shows the new state at once and goes back if that fails. */
export function followButton(app: App, row: Row): HTMLElement {
  const { api } = app.client
  let following = row.following
  const button = h('button', { class: 'button button-small', type: 'button' })
  const show = (next: boolean) => {
    following = next
    fill(button, following ? 'Following' : 'Follow', aside(` ${row.handle}`))
    button.classList.toggle('button-main', !following)
  }
  button.addEventListener('click', async () => {
    const said = following
    show(!said)
    const outcome = await follows(app.client, row.id, said, !said, (wanted) =>
      wanted ? api.follow(row.id) : api.unfollow(row.id),
    )
    if (!outcome) return
    show(outcome.said)
    if (outcome.said !== said) refreshFeed(app.client)
    if (outcome.error)
      app.toaster.show({ words: noteProblem(app.client, outcome.error).words, kind: 'wrong' })
  })
  show(following)
  return button
}
