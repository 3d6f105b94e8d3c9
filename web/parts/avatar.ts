/** The round mark of a person: initials on a colour of their own, with a ring when there are stories. */
import { h } from '../dom.ts'

export type Ring = 'none' | 'unseen' | 'seen'

/** A decorative avatar; the text beside it names the person. */
export function avatar(handle: string, ring: Ring = 'none', size: 's' | 'm' | 'l' | 'xl' = 'm'): HTMLElement {
  const mark = h('span', { class: 'avatar-mark', vars: { '--hue': String(hueOf(handle)) } }, initials(handle))
  return h('span', { class: `avatar avatar-${size} ring-${ring}`, 'aria-hidden': 'true' }, mark)
}

function initials(handle: string): string {
  const [first = '', second = ''] = handle.split('_')
  return (second ? `${first[0] ?? ''}${second[0]}` : first.slice(0, 2)).toUpperCase()
}

/** A steady number from a text, for colours. */
export function hashOf(text: string): number {
  let hash = 7
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003
  return hash
}

function hueOf(handle: string): number {
  return Math.round(hashOf(handle) * 137.508) % 360
}
