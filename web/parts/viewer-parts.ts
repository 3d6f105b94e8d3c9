/** The fixed furniture of the viewer round the story: bars, head, side buttons, foot. */
import type { Story } from '../api-types.ts'
import type { App } from '../app.ts'
import { fill, h, refill } from '../dom.ts'
import { shortCount, timeAgo, timeLeft } from '../time.ts'
import { avatar } from './avatar.ts'
import { type IconName, icon } from './icons.ts'
import { reactionBar, wantsLessMotion } from './reaction-bar.ts'
import { removeButton } from './remove-button.ts'
import type { Intent } from './viewer-gestures.ts'
import { viewersList } from './viewers-list.ts'
import { AUDIENCES, audienceOf } from './visibility.ts'

export type ViewerParts = ReturnType<typeof viewerParts>

export function viewerParts() {
  const bars = h('div', { class: 'bars', 'aria-hidden': 'true' })
  const who = h('div', { class: 'viewer-who' })
  const pause = iconButton('pause', 'Pause')
  const sound = iconButton('sound', 'Turn sound on')
  const close = iconButton('close', 'Close')
  const before = iconButton('left', 'Previous story')
  const after = iconButton('right', 'Next story')
  const stageHost = h('div', { class: 'stage-host' })
  // Fingers meet this still surface, not the story that may be sliding in below it.
  const surface = h('div', { class: 'stage-touch' })
  const foot = h('div', { class: 'viewer-foot' })
  const live = h('p', { class: 'visually-hidden', 'aria-live': 'polite' })
  const head = h('div', { class: 'viewer-head' }, who, h('span', { class: 'tool-row' }, sound, pause, close))
  const card = h(
    'div',
    { class: 'viewer-card' },
    stageHost,
    surface,
    h('div', { class: 'viewer-top' }, bars, head),
    foot,
  )
  before.classList.add('viewer-before')
  after.classList.add('viewer-after')
  sound.hidden = true
  const element = h(
    'div',
    { class: 'layer viewer', role: 'dialog', 'aria-modal': 'true', 'aria-label': 'Stories', tabindex: -1 },
    before,
    card,
    after,
    live,
  )
  return {
    element,
    bars,
    who,
    stageHost,
    surface,
    foot,
    announce: (words: string) => fill(live, words),
    setBusy: (busy: boolean) => card.classList.toggle('is-busy', busy),
    setPaused(paused: boolean) {
      pause.setAttribute('aria-label', paused ? 'Go on' : 'Pause')
      fill(pause, icon(paused ? 'play' : 'pause'))
    },
    setSound(video: HTMLVideoElement | null, onChange: (muted: boolean) => void) {
      if (!video && sound === document.activeElement) element.focus({ preventScroll: true })
      sound.hidden = video === null
      const name = () => {
        sound.setAttribute('aria-label', video?.muted ? 'Turn sound on' : 'Turn sound off')
        sound.classList.toggle('is-off', video?.muted === true)
      }
      sound.onclick = () => {
        if (!video) return
        video.muted = !video.muted
        onChange(video.muted)
        name()
      }
      name()
    },
    /** The card comes in from the side of the next or previous person. */
    slide(step: 1 | -1) {
      if (wantsLessMotion()) return
      const from = `translateX(${step * 40}%) rotateY(${step * 18}deg)`
      stageHost.animate(
        [
          { transform: from, opacity: 0.2 },
          { transform: 'none', opacity: 1 },
        ],
        { duration: 260, easing: 'cubic-bezier(.2,.7,.3,1)' },
      )
    },
    bind(intent: Intent) {
      close.onclick = intent.close
      pause.onclick = intent.toggle
      before.onclick = intent.previous
      after.onclick = intent.next
      element.addEventListener('click', (event) => event.target === element && intent.close())
    },
  }
}

function iconButton(name: IconName, label: string): HTMLButtonElement {
  return h('button', { class: 'icon-button', type: 'button', 'aria-label': label, title: label }, icon(name))
}

/** Whose story it is, since when, until when and for whom. */
export function drawControls(app: App, parts: ViewerParts, story: Story, signal: AbortSignal): void {
  const own = story.author_id === app.client.store.get().user?.id
  const left = h('span', {})
  const audience = AUDIENCES[audienceOf(app.client, story)]
  fill(
    parts.who,
    avatar(story.author.handle, 'none', 's'),
    h(
      'span',
      { class: 'viewer-words' },
      h('strong', {}, own ? 'You' : story.author.handle),
      h(
        'span',
        { class: 'viewer-meta' },
        timeAgo(story.created_at),
        ' · ',
        left,
        ' · ',
        icon(audience.icon, 14),
        audience.label,
      ),
    ),
  )
  const tick = () => {
    left.textContent = timeLeft(story.expires_at)
  }
  const timer = setInterval(tick, 1000)
  signal.addEventListener('abort', () => clearInterval(timer))
  tick()
}

/** Reactions for others' stories; viewers and delete for one's own. */
export function drawFoot(
  app: App,
  parts: ViewerParts,
  story: Story,
  onPanel: (open: boolean) => void,
  signal: AbortSignal,
): void {
  const own = story.author_id === app.client.store.get().user?.id
  if (!own) {
    refill(parts.foot, parts.element, reactionBar(app, story.id, signal))
    return
  }
  const seen = h('button', { class: 'button button-glass', type: 'button', 'aria-expanded': 'false' })
  const panel = h('div', { class: 'viewer-panel', hidden: true })
  seen.addEventListener('click', () => {
    panel.hidden = !panel.hidden
    seen.setAttribute('aria-expanded', String(!panel.hidden))
    if (!panel.hidden) fill(panel, viewersList(app, story.id, signal))
    onPanel(!panel.hidden)
  })
  const remove = removeButton(app, story.id, 'button-glass')
  app.client.store.watch(
    (state) => state.stories[story.id]?.counters,
    (counters) => {
      if (!counters) return
      const reactions = Object.entries(counters.reactions).filter(([, count]) => count > 0)
      fill(
        seen,
        icon('eye', 18),
        `Seen by ${shortCount(counters.views)}`,
        reactions.map(([emoji, count]) =>
          h('span', { class: 'seen-reaction' }, `${emoji} ${shortCount(count)}`),
        ),
      )
    },
    signal,
  )
  refill(parts.foot, parts.element, panel, h('div', { class: 'foot-row' }, seen, remove))
}
