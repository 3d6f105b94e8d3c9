/** Where the person is: a screen, and perhaps a layer on top of it. */

export type Screen = 'feed' | 'search' | 'people' | 'mine' | 'stats' | 'login' | 'signup'
export type Layer =
  | { kind: 'new' }
  | { kind: 'activity' }
  | { kind: 'author'; id: string }
  | { kind: 'story'; id: string }
export type Route = { screen: Screen; layer: Layer | null }

export type Router = {
  get(): Route
  go(path: string): void
  /** Goes there in the place of where one is, so that back does not lead here again. */
  replace(path: string): void
  /** Leaves the layer for the screen below it. */
  leave(): void
  /** The address of a path, for links. */
  href(path: string): string
  onChange(run: () => void, signal: AbortSignal): void
}

const SCREENS: readonly string[] = ['feed', 'search', 'people', 'mine', 'stats', 'login', 'signup']

function parse(path: string, below: Screen): Route {
  const [first = '', second = ''] = path.split('/')
  if (first === 'new' || first === 'activity') return { screen: below, layer: { kind: first } }
  if ((first === 'author' || first === 'story') && second) {
    return { screen: below, layer: { kind: first, id: second } }
  }
  return { screen: SCREENS.includes(first) ? (first as Screen) : 'feed', layer: null }
}

/** The path in the address bar; one that cannot be decoded, as `#100%`, leads nowhere and so to the feed. */
function readHash(): string {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return ''
  }
}

/** A router on the address bar's hash, so that back, forward and links work. */
export function createHashRouter(): Router {
  const listeners = new EventTarget()
  let route = parse(readHash(), 'feed')
  let isLeaving = false
  let depth = 0
  /** Each entry of the history knows how many of the page's own lie before it, also when the browser's own back led there. */
  const settle = (ofNewEntry: number) => {
    isLeaving = false
    depth = (history.state as { depth?: number } | null)?.depth ?? ofNewEntry
    history.replaceState({ depth }, '')
    route = parse(readHash(), route.screen)
    listeners.dispatchEvent(new Event('change'))
  }
  settle(0)
  addEventListener('hashchange', () => settle(depth + 1))
  // Also where going back changes no address.
  addEventListener('popstate', () => {
    isLeaving = false
  })
  return {
    get: () => route,
    go(path) {
      location.hash = path
    },
    replace(path) {
      history.replaceState({ depth }, '', `#${path}`)
      settle(depth)
    },
    leave() {
      if (!route.layer || isLeaving) return
      isLeaving = true
      // Opened from inside, the layer is one step in the history; opened by a link, it is the first page.
      if (depth > 0) history.back()
      else location.hash = route.screen
    },
    href: (path) => `#${path}`,
    onChange: (run, signal) => listeners.addEventListener('change', run, { signal }),
  }
}

/** A router without an address, for the halves of the side-by-side page. */
export function createMemoryRouter(): Router {
  const listeners = new EventTarget()
  let route = parse('feed', 'feed')
  const go = (path: string) => {
    route = parse(path, route.screen)
    listeners.dispatchEvent(new Event('change'))
  }
  return {
    get: () => route,
    go,
    replace: go,
    leave: () => go(route.screen),
    href: () => '#demo',
    onChange: (run, signal) => listeners.addEventListener('change', run, { signal }),
  }
}
