/** Side by side: two people of the demo cast on one page, and below them every call and event as it happens. */
import { refreshFeed } from '../actions.ts'
import { type App, mountApp } from '../app.ts'
import { type Client, createClient } from '../client.ts'
import { h } from '../dom.ts'
import { callStrip } from '../parts/call-strip.ts'
import { themeButton } from '../parts/theme.ts'
import { toProblem } from '../problem.ts'
import { createMemoryRouter } from '../router.ts'
import { brandMark } from '../shell.ts'
import { createMemoryKeep, createMemoryVault } from '../vault.ts'
import { DEMO_PASSWORD, DEMO_PEOPLE } from './sign-in.ts'

const STEPS = ['Post on the left', 'See it on the right', 'React', 'Watch it arrive, live']

export function mountDemo(host: HTMLElement): void {
  document.title = 'Side by side · Stories'
  const strip = callStrip()
  const clients: Client[] = []
  // Feeds are asked for, not pushed: a new story on one side is a reason to ask on the other.
  const refreshOthers = (poster: Client) => {
    for (const client of clients) if (client !== poster && client.store.get().user) refreshFeed(client)
  }
  const half = (side: string, first: string) => {
    const client: Client = createClient({
      name: first,
      vault: createMemoryVault(),
      keep: createMemoryKeep(),
      sharesEvents: false,
      onCall(call) {
        strip.addCall({ ...call, account: client.name })
        if (call.method === 'POST' && call.path === '/stories' && call.status === 201) refreshOthers(client)
      },
      onEvent: (event) => strip.addEvent(client.name, event),
    })
    clients.push(client)
    return drawHalf(side, client)
  }
  const head = h(
    'header',
    { class: 'demo-head' },
    h('a', { class: 'brand', href: '#feed' }, brandMark(), h('span', {}, 'Stories')),
    h('h1', {}, 'Side by side'),
    h(
      'ol',
      { class: 'demo-steps' },
      STEPS.map((step) => h('li', {}, step)),
    ),
    h('a', { class: 'link', href: '/docs' }, 'API docs'),
    themeButton(),
  )
  const halves = h(
    'main',
    { class: 'demo-halves', tabindex: 0, 'aria-label': 'Two people' },
    half('Left', 'ava'),
    half('Right', 'ben'),
  )
  host.replaceChildren(h('div', { class: 'demo' }, head, halves, strip.element))
}

function drawHalf(side: string, client: Client): HTMLElement {
  const phone = h('div', { class: 'phone' })
  const app = mountApp(phone, client, createMemoryRouter(), false)
  const choose = h(
    'select',
    {},
    DEMO_PEOPLE.map((name) => h('option', { value: name, selected: name === client.name }, name)),
  )
  choose.addEventListener('change', () => void enter(app, choose.value))
  void enter(app, client.name)
  return h(
    'section',
    { class: 'half', 'aria-label': side },
    h('div', { class: 'half-head' }, h('label', {}, `${side}: signed in as`, choose)),
    phone,
  )
}

async function enter(app: App, name: string): Promise<void> {
  const { client } = app
  client.name = name
  if (client.session.user()) await client.session.end()
  try {
    const answer = await client.api.logIn({ email: `${name}@example.com`, password: DEMO_PASSWORD })
    // Whoever was chosen since is the one to enter.
    if (client.name !== name) return
    app.router.go('feed')
    client.session.start(answer)
  } catch (error) {
    if (client.name !== name) return
    const problem = toProblem(error)
    const missing = problem.code === 'invalid_credentials'
    app.toaster.show({
      words: missing ? 'The demo cast is not here yet; the README says how to add it.' : problem.words,
      kind: 'wrong',
    })
  }
}
