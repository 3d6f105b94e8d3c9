/** Text as people count it, and what PostgreSQL cannot hold. */

/** The number of Unicode code points. */
export function codePointLength(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** False for U+0000 and lone surrogates, which cannot be stored as UTF-8 text. */
export const isStorableText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed()

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text made safe to stand inside HTML. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
