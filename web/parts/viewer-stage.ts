/** One story, full size. Says when it is really shown, so that a view is recorded then and not before. */
import type { Story } from '../api-types.ts'
import { fill, h } from '../dom.ts'
import { faceOf, paintOf, textSize } from './story-face.ts'

export const STORY_MS = 5000
const VIDEO_MS_MAX = 60_000

export type Stage = {
  element: HTMLElement
  /** Resolves with the milliseconds to show it once it can be seen; rejects when its media does not load. */
  shown: Promise<number>
  /** Stops or goes on with a video. */
  run(on: boolean): void
  video: HTMLVideoElement | null
}

/** Draws the story; `muted` is how the person last left the sound. */
export function drawStage(story: Story, muted: boolean): Stage {
  const face = faceOf(story)
  if (!face.mediaUrl) {
    const words = face.text ?? ''
    const element = h(
      'div',
      { class: `stage ${paintOf(face.id)}` },
      h('p', { class: `face-text ${textSize(words)}` }, words),
    )
    return { element, shown: Promise.resolve(STORY_MS), run: () => undefined, video: null }
  }
  const caption = face.text ? h('p', { class: 'stage-caption' }, face.text) : null
  if (face.mediaType?.startsWith('video/')) return drawVideo(face.mediaUrl, caption, muted)
  const image = h('img', {
    class: 'stage-media',
    alt: face.text ? '' : `Photo by ${story.author.handle}`,
    draggable: 'false',
  })
  const ground = h('img', { class: 'stage-ground', alt: '', src: face.mediaUrl, draggable: 'false' })
  image.src = face.mediaUrl
  return {
    element: h('div', { class: 'stage' }, ground, image, caption),
    shown: image.decode().then(() => STORY_MS),
    run: () => undefined,
    video: null,
  }
}

function drawVideo(url: string, caption: HTMLElement | null, muted: boolean): Stage {
  const video = h('video', { class: 'stage-media', playsinline: true, preload: 'auto', tabindex: -1 })
  video.muted = muted
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  video.onloadeddata = () => {
    const lengthMs = Number.isFinite(video.duration) ? video.duration * 1000 : STORY_MS
    resolve(Math.min(VIDEO_MS_MAX, Math.max(1000, lengthMs)))
  }
  video.onerror = () => reject(new Error('The video does not play'))
  video.src = url
  return {
    element: h('div', { class: 'stage' }, video, caption),
    shown: promise,
    run(on) {
      if (!on) return video.pause()
      // Browsers may refuse sound before a gesture; the story then plays without it.
      video.play().catch(() => {
        video.muted = true
        video.play().catch(() => undefined)
      })
    },
    video,
  }
}

/** What is shown instead of media that cannot be loaded. */
export function drawBroken(): HTMLElement {
  return h('div', { class: 'stage stage-broken' }, h('p', {}, 'This one could not be loaded.'))
}

/** Fetches the next story's media into the cache. */
export function preload(story: Story | undefined): void {
  if (!story?.media_url) return
  if (story.media_type?.startsWith('video/')) {
    const video = h('video', { preload: 'auto' })
    video.src = story.media_url
  } else {
    new Image().src = story.media_url
  }
}

/** The bars on top: one per story, the present one filling. */
export function drawBars(bars: HTMLElement, count: number, index: number): HTMLElement | null {
  fill(
    bars,
    Array.from({ length: count }, (_, at) =>
      h('span', { class: at < index ? 'bar bar-done' : 'bar' }, h('span', { class: 'bar-fill' })),
    ),
  )
  return bars.children[index]?.querySelector<HTMLElement>('.bar-fill') ?? null
}
