/** The viewer: one story after another, full screen. */
import { forget, recordView } from '../actions.ts'
import type { Story } from '../api-types.ts'
import type { App } from '../app.ts'
import { fill, h } from '../dom.ts'
import { emptyState } from '../parts/paged-list.ts'
import { type Playlist, playNeighbour, startPlaylist } from '../parts/playlist.ts'
import { wantsLessMotion } from '../parts/reaction-bar.ts'
import { type Intent, watchKeys, watchPointer } from '../parts/viewer-gestures.ts'
import { drawControls, drawFoot, type ViewerParts, viewerParts } from '../parts/viewer-parts.ts'
import { drawBars, drawBroken, drawStage, preload, STORY_MS, type Stage } from '../parts/viewer-stage.ts'
import { toProblem } from '../problem.ts'
import type { Layer } from '../router.ts'

const BROKEN_MS = 3000

type PauseReason = 'hold' | 'chosen' | 'hidden' | 'loading' | 'panel'

export function openViewer(
  app: App,
  layer: Extract<Layer, { id: string }>,
  signal: AbortSignal,
): HTMLElement {
  const { store, api } = app.client
  const parts: ViewerParts = viewerParts()
  const reasons = new Set<PauseReason>(['loading'])
  let list: Playlist | null = null
  let stage: Stage | null = null
  let progress: Animation | null = null
  let scene = new AbortController()
  let muted = true
  /** The present story can be seen: only then it counts as viewed. */
  let isShown = false
  signal.addEventListener('abort', () => {
    scene.abort()
    progress?.cancel()
    stage?.run(false)
  })

  function pause(reason: PauseReason, on: boolean): void {
    if (on) reasons.add(reason)
    else reasons.delete(reason)
    const running = reasons.size === 0
    if (running) progress?.play()
    else progress?.pause()
    stage?.run(running)
    parts.element.classList.toggle('is-held', reasons.has('hold'))
    parts.setPaused(reasons.has('chosen'))
  }

  const present = (): Story | undefined =>
    list ? store.get().stories[list.storyIds[list.index] ?? ''] : undefined

  async function show(): Promise<void> {
    scene.abort()
    scene = new AbortController()
    progress?.cancel()
    stage?.run(false)
    const story = present()
    if (!list || !story) return leaveOut()
    const mine = scene.signal
    reasons.clear()
    reasons.add('loading')
    isShown = false
    const bar = drawBars(parts.bars, list.storyIds.length, list.index)
    drawControls(app, parts, story, mine)
    drawFoot(app, parts, story, (open) => pause('panel', open), mine)
    parts.announce(
      `Story ${list.index + 1} of ${list.storyIds.length} by ${story.author.handle}. ${story.text ?? ''}`,
    )
    stage = drawStage(story, muted)
    bindSound()
    fill(parts.stageHost, stage.element)
    store.watch(
      (state) => state.stories[story.id] === undefined,
      (gone) => gone && leaveOut(),
      mine,
    )
    preload(store.get().stories[list.storyIds[list.index + 1] ?? ''])
    parts.setBusy(true)
    const lengthMs = await untilShown(story, mine)
    if (mine.aborted) return
    parts.setBusy(false)
    pause('hidden', document.hidden)
    noteSeen(story)
    const easing = wantsLessMotion() ? 'steps(5, end)' : 'linear'
    const frames = { transform: ['scaleX(0)', 'scaleX(1)'] }
    progress = bar?.animate(frames, { duration: lengthMs, easing, fill: 'forwards' }) ?? null
    progress?.addEventListener('finish', () => void next())
    progress?.pause()
    pause('loading', false)
  }

  const bindSound = () =>
    parts.setSound(stage?.video ?? null, (next) => {
      muted = next
    })

  function noteSeen(story: Story): void {
    if (isShown && !document.hidden) void recordView(app.client, story.id)
  }

  /** Waits for the media; its address may have run out meanwhile, so a fresh one is tried once. */
  async function untilShown(story: Story, mine: AbortSignal): Promise<number> {
    try {
      const lengthMs = (await stage?.shown) ?? STORY_MS
      // What loads late says nothing of the story that is in its place now.
      if (!mine.aborted) isShown = true
      return lengthMs
    } catch {
      const fresh = await api.story(story.id).catch((error: unknown) => {
        if (toProblem(error).status === 404) forget(app.client, story.id)
        return null
      })
      if (mine.aborted) return 0
      stage = fresh && drawStage(fresh, muted)
      const lengthMs = await stage?.shown.catch(() => null)
      if (mine.aborted) return 0
      isShown = Boolean(stage && lengthMs)
      if (!isShown) stage = null
      bindSound()
      fill(parts.stageHost, stage ? stage.element : drawBroken())
      return lengthMs ?? BROKEN_MS
    }
  }

  /** The present story ended or was removed: go on without it. */
  function leaveOut(): void {
    if (!list) return
    list.storyIds.splice(list.index, 1)
    if (list.index < list.storyIds.length) void show()
    else void person(1)
  }

  async function next(): Promise<void> {
    if (!list) return
    if (list.index + 1 >= list.storyIds.length) return person(1)
    list.index += 1
    await show()
  }

  async function previous(): Promise<void> {
    if (!list) return
    if (list.index === 0) return person(-1)
    list.index -= 1
    await show()
  }

  async function person(step: 1 | -1): Promise<void> {
    if (!list) return
    const neighbour = await playNeighbour(app, list.authorId, step).catch(() => null)
    if (signal.aborted) return
    if (neighbour) {
      list = neighbour
      parts.slide(step)
      await show()
    } else if (step === 1) app.router.leave()
    else if (list.storyIds.length) await show()
  }

  const intent: Intent = {
    next: () => void next(),
    previous: () => void previous(),
    nextPerson: () => void person(1),
    previousPerson: () => void person(-1),
    hold: (on) => pause('hold', on),
    toggle: () => pause('chosen', !reasons.has('chosen')),
    close: () => app.router.leave(),
  }
  parts.bind(intent)
  watchKeys(parts.element, intent, signal)
  watchPointer(
    parts.surface,
    () => parts.stageHost.querySelector('.face-text, .stage-caption'),
    intent,
    signal,
  )
  const onVisibility = () => {
    pause('hidden', document.hidden)
    const story = present()
    if (story) noteSeen(story)
  }
  document.addEventListener('visibilitychange', onVisibility, { signal })

  startPlaylist(app, layer).then(
    (started) => {
      if (signal.aborted) return
      list = started
      if (list) void show()
      else fill(parts.stageHost, nothing('Nothing to see', 'There are no stories here right now.'))
    },
    (error) => {
      const problem = toProblem(error)
      if (!problem.isGone) return fill(parts.stageHost, nothing('This did not load', problem.words))
      if (layer.kind === 'story') forget(app.client, layer.id)
      const title = layer.kind === 'story' ? 'This story is gone' : 'Nobody is here'
      fill(parts.stageHost, nothing(title, 'It may have ended, or it is not shared with you.'))
    },
  )
  return parts.element
}

function nothing(title: string, line: string): HTMLElement {
  return h('div', { class: 'stage stage-broken' }, emptyState('image', title, line))
}
