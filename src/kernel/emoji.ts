/** The six reactions, in the order in which they are counted and shown. */
export const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🔥'] as const

export type Emoji = (typeof EMOJI)[number]
export type EmojiCounts = Record<Emoji, number>

const HEART_WITHOUT_SELECTOR = '\u2764'

/** The reaction meant by a text, or null; a heart without its variation selector is a heart. */
export function toEmoji(text: string): Emoji | null {
  if (text === HEART_WITHOUT_SELECTOR) return '❤️'
  return EMOJI.find((emoji) => emoji === text) ?? null
}

/** Counts by reaction from numbers in the order of `EMOJI`. */
export function emojiCounts(counts: readonly number[]): EmojiCounts {
  return {
    '👍': counts[0] ?? 0,
    '❤️': counts[1] ?? 0,
    '😂': counts[2] ?? 0,
    '😮': counts[3] ?? 0,
    '😢': counts[4] ?? 0,
    '🔥': counts[5] ?? 0,
  }
}
