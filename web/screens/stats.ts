/** The week in numbers: totals, a bar per day, reactions by kind. */
import { EMOJI, type Stats, type StatsDay } from '../api-types.ts'
import type { App } from '../app.ts'
import { fill, h, s } from '../dom.ts'
import { toProblem } from '../problem.ts'
import { shortCount } from '../time.ts'

const SERIES = [
  { key: 'views', label: 'Views' },
  { key: 'reactions', label: 'Reactions' },
  { key: 'posted', label: 'Posted' },
] as const
type Series = (typeof SERIES)[number]['key']
/** What the person chose to see; it outlives each drawing. */
type Choice = { series: Series }

const BURST_MS = 150

export function statsScreen(app: App, signal: AbortSignal): HTMLElement {
  const host = h(
    'div',
    { class: 'stats' },
    h('div', { class: 'bone bone-chart', role: 'status', 'aria-label': 'Loading' }),
  )
  const choice: Choice = { series: 'views' }
  let asked = 0
  let shown = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const show = (number: number, drawn: HTMLElement | HTMLElement[]) => {
    // Answers may overtake each other; an older one tells nothing new.
    if (signal.aborted || number < shown) return
    shown = number
    const hadFocus = host.contains(document.activeElement)
    fill(host, drawn)
    if (hadFocus) host.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus({ preventScroll: true })
  }
  const load = () => {
    timer = undefined
    asked += 1
    const number = asked
    app.client.api.stats().then(
      (stats) => show(number, drawStats(stats, choice)),
      (error) => show(number, h('div', { class: 'empty' }, h('p', {}, toProblem(error).words))),
    )
  }
  load()
  const newest = app.client.store.get().activity[0]?.id
  // Activity on one's own stories changes the numbers; a burst of it is asked about once.
  app.client.store.watch(
    (state) => state.activity[0]?.id,
    (id) => {
      if (id !== newest) timer ??= setTimeout(load, BURST_MS)
    },
    signal,
  )
  signal.addEventListener('abort', () => clearTimeout(timer))
  return h('div', { class: 'screen' }, h('h1', {}, 'Your week'), host)
}

function drawStats(stats: Stats, choice: Choice): HTMLElement[] {
  const total = Object.values(stats.reactions).reduce((sum, count) => sum + count, 0)
  const tiles = [
    ['Posted', stats.posted],
    ['Views', stats.views],
    ['People reached', stats.unique_viewers],
    ['Reactions', total],
  ] as const
  return [
    h(
      'dl',
      { class: 'tiles' },
      tiles.map(([label, value]) =>
        h('div', { class: 'tile' }, h('dt', {}, label), h('dd', {}, shortCount(value))),
      ),
    ),
    chartCard(stats.days, choice),
    h(
      'section',
      { class: 'card-box', 'aria-label': 'Reactions by kind' },
      h('h2', {}, 'Reactions'),
      reactionRows(stats, total),
    ),
  ]
}

function chartCard(days: readonly StatsDay[], choice: Choice): HTMLElement {
  const host = h('div', { class: 'chart-host' })
  const buttons = SERIES.map(({ key, label }) => {
    const button = h('button', { class: 'tab', type: 'button' }, label)
    button.addEventListener('click', () => {
      choice.series = key
      draw()
    })
    return { key, button }
  })
  const draw = () => {
    for (const { key, button } of buttons) button.setAttribute('aria-pressed', String(key === choice.series))
    fill(host, drawBars(days, choice.series))
  }
  draw()
  const head = h(
    'div',
    { class: 'card-box-head' },
    h('h2', {}, 'Day by day'),
    h(
      'div',
      { class: 'tabs tabs-small', role: 'group', 'aria-label': 'What to show' },
      buttons.map(({ button }) => button),
    ),
  )
  return h('section', { class: 'card-box', 'aria-label': 'Day by day' }, head, host)
}

const [CHART_WIDTH, CHART_HEIGHT, BAR_WIDTH, BASE] = [700, 240, 52, 200]

function drawBars(days: readonly StatsDay[], series: Series): Element[] {
  const top = Math.max(4, ...days.map((day) => day[series]))
  const step = CHART_WIDTH / days.length
  const bars = days.map((day, at) => {
    const height = (day[series] / top) * (BASE - 30)
    const x = at * step + (step - BAR_WIDTH) / 2
    const middle = x + BAR_WIDTH / 2
    return [
      s('rect', { class: 'chart-track', x, y: 30, width: BAR_WIDTH, height: BASE - 30, rx: 10 }),
      s('rect', {
        class: at === days.length - 1 ? 'chart-bar chart-today' : 'chart-bar',
        x,
        y: BASE - height,
        width: BAR_WIDTH,
        height,
        rx: Math.min(10, height / 2),
      }),
      s(
        'text',
        { class: 'chart-value', x: middle, y: BASE - height - 8 },
        day[series] > 0 ? shortCount(day[series]) : '',
      ),
      s(
        'text',
        { class: 'chart-day', x: middle, y: BASE + 26 },
        at === days.length - 1 ? 'Today' : weekday(day.date),
      ),
    ]
  })
  const chart = s(
    'svg',
    { class: 'chart', viewBox: `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`, 'aria-hidden': 'true' },
    bars.flat(),
  )
  const rows = days.map((day) => h('tr', {}, h('th', { scope: 'row' }, day.date), h('td', {}, day[series])))
  const table = h(
    'table',
    { class: 'visually-hidden' },
    h('caption', {}, `${series} by day (UTC)`),
    h('tbody', {}, rows),
  )
  return [chart, table]
}

function weekday(date: string): string {
  return new Date(`${date.slice(0, 10)}T12:00:00Z`).toLocaleDateString('en', {
    weekday: 'short',
    timeZone: 'UTC',
  })
}

function reactionRows(stats: Stats, total: number): HTMLElement {
  if (total === 0) return h('p', { class: 'muted' }, 'No reactions in these seven days yet.')
  const most = Math.max(...EMOJI.map((emoji) => stats.reactions[emoji]))
  const rows = EMOJI.map((emoji) => {
    const count = stats.reactions[emoji]
    return h(
      'li',
      {},
      h('span', { class: 'kind-emoji' }, emoji),
      h('span', { class: 'kind-bar', vars: { '--share': String(count / most) } }),
      h('span', { class: 'kind-count' }, count),
    )
  })
  return h('ul', { class: 'kinds' }, rows)
}
