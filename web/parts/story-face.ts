/** How a story looks, wherever it is drawn: text on a painted ground, or an image or video with its caption. */
import type { Story } from '../api-types.ts'
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

function drawStill(url: string, type: string): HTMLElement {
  if (!type.startsWith('video/')) {
    return h('img', { src: url, alt: '', loading: 'lazy', decoding: 'async' })
  }
  const video = h('video', { src: `${url}#t=0.1`, preload: 'metadata', playsinline: true, tabindex: -1 })
  video.muted = true
  return video
}
