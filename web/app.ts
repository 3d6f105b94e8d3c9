/** The frame of the app: navigation, the present screen, the layer above it, notices. */
import type { Client } from './client.ts'
import { fill, h } from './dom.ts'
import { createToaster, type Toaster } from './parts/toasts.ts'
import type { Layer, Router, Screen } from './router.ts'
import { activitySheet } from './screens/activity.ts'
import { composer } from './screens/composer.ts'
import { feedScreen } from './screens/feed.ts'
import { mineScreen } from './screens/mine.ts'
import { peopleScreen } from './screens/people.ts'
import { searchScreen } from './screens/search.ts'
import { signInScreen } from './screens/sign-in.ts'
import { statsScreen } from './screens/stats.ts'
import { openViewer } from './screens/viewer.ts'
import { drawFrame } from './shell.ts'

export type App = {
  client: Client
  router: Router
  toaster: Toaster
  /** Whether this is the whole page, or one half of the side-by-side page. */
  isPage: boolean
}

export type ScreenView = (app: App, signal: AbortSignal) => HTMLElement

const SCREENS: Record<Exclude<Screen, 'login' | 'signup'>, { title: string; view: ScreenView }> = {
  feed: { title: 'Stories', view: feedScreen },
  search: { title: 'Search', view: searchScreen },
  people: { title: 'People', view: peopleScreen },
  mine: { title: 'Your stories', view: mineScreen },
  stats: { title: 'Your week', view: statsScreen },
}

/** Puts a whole app into `host`: the page itself, or one half of the side-by-side page. */
export function mountApp(host: HTMLElement, client: Client, router: Router, isPage: boolean): App {
  const app: App = { client, router, toaster: createToaster(), isPage }
  const body = h('div', { class: 'app-body' })
  const layerHost = h('div', { class: 'layer-host' })
  fill(host, h('div', { class: 'app' }, body, layerHost, app.toaster.element))

  const forever = new AbortController().signal
  let person = new AbortController()
  let lastId: string | null = null
  client.store.watch(
    (state) => state.user?.id ?? null,
    (userId) => {
      person.abort()
      person = new AbortController()
      const hadFocus = host.contains(document.activeElement)
      layerHost.replaceChildren()
      body.inert = false
      // Where the one before was is no place for who comes next; who comes back goes on there.
      if (userId && lastId && userId !== lastId) router.replace('feed')
      lastId = userId ?? lastId
      if (userId) showSignedIn(app, body, layerHost, person.signal)
      else showSignedOut(app, body, person.signal)
      // What had the focus has gone with the other's screen.
      if (hadFocus && !host.contains(document.activeElement)) {
        body.querySelector<HTMLElement>('[tabindex="-1"]')?.focus({ preventScroll: true })
      }
    },
    forever,
  )
  return app
}

function showSignedOut(app: App, body: HTMLElement, signal: AbortSignal): void {
  const draw = () => {
    setTitle(app, app.router.get().screen === 'signup' ? 'Sign up' : 'Log in')
    const hadFocus = body.contains(document.activeElement)
    fill(body, signInScreen(app, signal))
    if (hadFocus) body.querySelector<HTMLElement>('[tabindex="-1"]')?.focus({ preventScroll: true })
  }
  app.router.onChange(draw, signal)
  draw()
}

function showSignedIn(app: App, body: HTMLElement, layerHost: HTMLElement, signal: AbortSignal): void {
  const { screen: wanted, layer: above } = app.router.get()
  if (!above && (wanted === 'login' || wanted === 'signup')) app.router.replace('feed')
  const frame = drawFrame(app, signal)
  fill(body, frame.element)
  let shown: Screen | null = null
  let screen = new AbortController()
  let layer = new AbortController()
  let focusBefore: Element | null = null
  signal.addEventListener('abort', () => {
    screen.abort()
    layer.abort()
  })

  const draw = () => {
    const route = app.router.get()
    const name = route.screen === 'login' || route.screen === 'signup' ? 'feed' : route.screen
    const { title, view } = SCREENS[name]
    if (shown !== name) {
      screen.abort()
      screen = new AbortController()
      fill(frame.main, view(app, screen.signal))
      frame.mark(name)
      setTitle(app, title)
      if (shown !== null && !route.layer) frame.main.focus({ preventScroll: true })
      if (app.isPage) scrollTo(0, 0)
      frame.main.closest('.middle')?.scrollTo(0, 0)
      shown = name
    }
    layer.abort()
    layer = new AbortController()
    if (route.layer) {
      if (!body.inert && document.activeElement !== document.body) focusBefore = document.activeElement
      const element = drawLayer(app, route.layer, layer.signal)
      body.inert = true
      fill(layerHost, element)
      element.focus()
    } else if (layerHost.childElementCount) {
      layerHost.replaceChildren()
      body.inert = false
      const target = focusBefore?.isConnected ? focusBefore : frame.main
      if (target instanceof HTMLElement) target.focus({ preventScroll: true })
    }
  }
  layerHost.onkeydown = (event) => {
    if (event.key === 'Escape' && !event.defaultPrevented) app.router.leave()
  }
  app.router.onChange(draw, signal)
  draw()
}

function drawLayer(app: App, layer: Layer, signal: AbortSignal): HTMLElement {
  if (layer.kind === 'new') return composer(app, signal)
  if (layer.kind === 'activity') return activitySheet(app, signal)
  return openViewer(app, layer, signal)
}

function setTitle(app: App, title: string): void {
  if (app.isPage) document.title = title === 'Stories' ? title : `${title} · Stories`
}
