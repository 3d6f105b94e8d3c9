/** How a story looks, wherever it is drawn: text on a painted ground, or an image or video with its caption. */
import type { Story } from '../api-types.ts'
import type { App } from '../app.ts'
import { h } from '../dom.ts'
import { hashOf } from './avatar.ts'

export type Face = {
  id: string
  text: string | null
  mediaUrl: string | null
  mediaType: string | null
}

const PAINTS = 8

/** Which painted ground a text story has. */
export function paintOf(id: string): string {
  return `paint-${hashOf(id) % PAINTS}`
}

export function faceOf(story: Story): Face {
  return { id: story.id, text: story.text, mediaUrl: story.media_url, mediaType: story.media_type }
}

/** Draws a story's face small. Media loads when it comes near, and its address may have run out by then: a fresh one is tried once. */
export function drawStoryFace(app: App, story: Story): HTMLElement {
  const element = drawFace(faceOf(story))
  const onError = async ({ target }: Event) => {
    const fresh = await app.client.api.story(story.id).catch(() => null)
    if (!fresh?.media_url) return
    if (target instanceof HTMLImageElement) target.src = fresh.media_url
    if (target instanceof HTMLVideoElement) target.src = firstFrameOf(fresh.media_url)
  }
  // Errors of media do not bubble.
  element.addEventListener('error', onError, { capture: true, once: true })
  return element
}

/** Draws a face small, for cards and previews; nothing in it plays or loads early. */
export function drawFace(face: Face): HTMLElement {
  const media = face.mediaUrl ? drawStill(face.mediaUrl, face.mediaType ?? '') : null
  const text = face.text
    ? h('p', { class: media ? 'face-caption' : `face-text ${textSize(face.text)}` }, face.text)
    : null
  return h('div', { class: `face ${media ? 'face-media' : paintOf(face.id)}` }, media, text)
}

/** A class for the size of a text, so that short ones are large. */
export function textSize(text: string): string {
  const length = [...text].length
  if (length <= 24) return 'text-xl'
  if (length <= 90) return 'text-l'
  return length <= 220 ? 'text-m' : 'text-s'
}

const firstFrameOf = (url: string) => `${url}#t=0.1`

function drawStill(url: string, type: string): HTMLElement {
  if (!type.startsWith('video/')) {
    return h('img', { src: url, alt: '', loading: 'lazy', decoding: 'async' })
  }
  const video = h('video', { src: firstFrameOf(url), preload: 'metadata', playsinline: true, tabindex: -1 })
  video.muted = true
  return video
}
