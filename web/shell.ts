/** Navigation and notices round the screens of a signed-in person. */
import type { App } from './app.ts'
import { fill, h } from './dom.ts'
import { activityPanel } from './parts/activity-panel.ts'
import { avatar } from './parts/avatar.ts'
import { type IconName, icon } from './parts/icons.ts'
import { tickTimes } from './parts/keep-fresh.ts'
import { liveSign } from './parts/live-sign.ts'
import { themeButton } from './parts/theme.ts'
import { waitNotice } from './parts/wait-notice.ts'
import { watchActivity } from './parts/watch-activity.ts'
import type { Screen } from './router.ts'

const ITEMS: readonly { screen: Screen; label: string; icon: IconName }[] = [
  { screen: 'feed', label: 'Home', icon: 'home' },
  { screen: 'search', label: 'Search', icon: 'search' },
  { screen: 'people', label: 'People', icon: 'people' },
  { screen: 'mine', label: 'Yours', icon: 'grid' },
  { screen: 'stats', label: 'Stats', icon: 'chart' },
]

export type Frame = { element: HTMLElement; main: HTMLElement; mark(screen: Screen): void }

export function drawFrame(app: App, signal: AbortSignal): Frame {
  const links = ITEMS.map((item) => ({
    screen: item.screen,
    label: item.label,
    link: routeLink(app, item.screen, 'nav-link', icon(item.icon), h('span', {}, item.label)),
  }))
  // Where there is room for icons only, the label is the link's name all the same.
  for (const { link, label } of links) link.setAttribute('aria-label', label)
  const post = routeLink(
    app,
    'new',
    'button button-main nav-new',
    icon('plus', 20),
    h('span', {}, 'New story'),
  )
  post.setAttribute('aria-label', 'New story')
  const nav = h(
    'nav',
    { class: 'nav', 'aria-label': app.isPage ? 'Main' : `Main, ${app.client.name}` },
    links.slice(0, 2).map(({ link }) => link),
    post,
    links.slice(2).map(({ link }) => link),
  )
  const main = h(app.isPage ? 'main' : 'div', { class: 'main', tabindex: -1 })
  const side = h('aside', { class: 'side', 'aria-label': 'Activity' }, activityPanel(app, signal))
  const element = h(
    'div',
    { class: 'frame' },
    h(
      'header',
      { class: 'head' },
      routeLink(app, 'feed', 'brand', brandMark(), h('span', {}, 'Stories')),
      nav,
      headTools(app, signal),
      operatorLinks(app),
    ),
    h(
      'div',
      { class: 'middle' },
      offlineNotice(app, signal),
      waitNotice(app, signal),
      main,
      operatorLinks(app),
    ),
    side,
  )
  watchActivity(app, signal)
  tickTimes(app, element, signal)
  return {
    element,
    main,
    mark(screen) {
      for (const item of links) {
        if (item.screen === screen) item.link.setAttribute('aria-current', 'page')
        else item.link.removeAttribute('aria-current')
      }
    },
  }
}

/** A link of the app's own routes, which also works in the halves of the side-by-side page. */
export function routeLink(
  app: App,
  path: string,
  name: string,
  ...children: (Node | string)[]
): HTMLAnchorElement {
  const link = h('a', { class: name, href: app.router.href(path) }, children)
  link.addEventListener('click', (event) => {
    event.preventDefault()
    app.router.go(path)
  })
  return link
}

export function brandMark(): HTMLElement {
  return h('span', { class: 'brand-mark', 'aria-hidden': 'true' })
}

function headTools(app: App, signal: AbortSignal): HTMLElement {
  const bell = routeLink(app, 'activity', 'icon-button bell', icon('bell'))
  app.client.store.watch(
    (state) => state.unread,
    (unread) => {
      bell.dataset.unread = unread > 99 ? '99+' : String(unread)
      bell.setAttribute('aria-label', unread ? `Activity, ${unread} new` : 'Activity')
    },
    signal,
  )
  const handle = app.client.store.get().user?.handle ?? ''
  const leave = h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      'aria-label': 'Log out',
      title: 'Log out',
      on: { click: () => void app.client.session.end() },
    },
    icon('logout'),
  )
  return h(
    'div',
    { class: 'head-tools' },
    liveSign(app, signal),
    h('span', { class: 'me' }, avatar(handle, 'none', 's'), h('span', { class: 'me-name' }, handle)),
    h('span', { class: 'tool-row' }, bell, app.isPage && themeButton(), leave),
  )
}

/** For engineers: the pages the service itself offers. */
export function operatorLinks(app: App): HTMLElement {
  const links = [
    ['#demo', 'Side by side'],
    ['/docs', 'API docs'],
    ['/metrics', 'Metrics'],
    ['/healthz', 'Health'],
  ] as const
  const items = links.map(([href, label]) => h('li', {}, h('a', { href }, label)))
  return h(
    'nav',
    { class: 'operator-links', 'aria-label': 'For engineers', hidden: !app.isPage },
    h('ul', {}, items),
  )
}

function offlineNotice(app: App, signal: AbortSignal): HTMLElement {
  const notice = h('div', { class: 'notice', role: 'status' })
  app.client.store.watch(
    (state) => state.online,
    (online) => {
      notice.hidden = online
      fill(
        notice,
        !online && 'You are offline. What you see may be old; new events come in order once you are back.',
      )
    },
    signal,
  )
  return notice
}
