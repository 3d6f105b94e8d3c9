/** Times in the words people use. */

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How long a story still lives: `18 h left`, `4 min left`, `ended`. */
export function timeLeft(expiresAt: string, nowMs = Date.now()): string {
  const ms = Date.parse(expiresAt) - nowMs
  if (ms <= 0) return 'ended'
  if (ms < MINUTE_MS) return `${Math.ceil(ms / 1000)} s left`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min left`
  return `${Math.round(ms / HOUR_MS)} h left`
}

/** How long ago: `now`, `5 min`, `3 h`, `2 d`. */
export function timeAgo(at: string, nowMs = Date.now()): string {
  const ms = nowMs - Date.parse(at)
  if (ms < MINUTE_MS) return 'now'
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < 24 * HOUR_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / (24 * HOUR_MS))} d`
}

/** From here on thousands would be rounded to `1000k`. */
const MILLION_FROM = 999_500

/** A count for a small place: `999`, `1.2k`, `3.4M`. */
export function shortCount(count: number): string {
  if (count < 1000) return String(count)
  const [value, unit] = count < MILLION_FROM ? [count / 1000, 'k'] : [count / 1_000_000, 'M']
  return `${value.toFixed(value < 10 ? 1 : 0).replace('.0', '')}${unit}`
}

/** What so many are called: `view`, `views`. */
export const nounFor = (count: number, noun: string): string => (count === 1 ? noun : `${noun}s`)

/** A size in bytes: `820 KB`, `3.1 MB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} KB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
