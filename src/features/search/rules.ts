/**
 * Which way leads to the newest matches of a search at the least cost. All ways lead to the same ones; what is decided
 * here is only how many rows are looked at.
 */

/** The newest matches that a viewer may see are ranked, so that a very common word stays cheap. */
export const CANDIDATES = 1000

/** The word index keeps stories by quarters of an hour, too. */
export const BUCKET_SECONDS = 900

/** How many of the newest stories are looked at to know a very common word. */
export const NEAR = 64
/** From so many on (one in five), walking the newest stories finds the candidates sooner than the word index. */
export const NEAR_COMMON = 13
/** The newest quarters in which matches are counted, up to as many as are ranked. */
export const RECENT_BUCKETS = 2

/** Fewer matches than this say nothing of how many there are. */
const TELLING = 4
/** More quarters than this are not cheaper than all of the word's matches. */
const BUCKETS_MAX = 48
/** Of two matches one may be hidden from the viewer; when it is more, a second look is wider. */
const SPARE = 2

/** What a quick look found: matches among the newest stories, and in the quarters up to the newest one of them, if there is one. */
export type Hint = Readonly<{ near: number; recent: number; newest: Date | null }>
export type Route = Readonly<{ kind: 'walk' } | { kind: 'all' } | { kind: 'window'; buckets: number }>

const secondsInto = (moment: Date) => (moment.getTime() / 1000) % BUCKET_SECONDS

const windowOf = (buckets: number): Route =>
  buckets > BUCKETS_MAX ? { kind: 'all' } : { kind: 'window', buckets }

/** The way to start with, by the density of matches just before the newest story. */
export function chooseRoute({ near, recent, newest }: Hint): Route {
  // Where there are none but the viewer's own, the walk is short.
  if (newest === null || near >= NEAR_COMMON) return { kind: 'walk' }
  if (recent < TELLING) return { kind: 'all' }
  const partial = secondsInto(newest)
  const seconds = (RECENT_BUCKETS - 1) * BUCKET_SECONDS + partial
  const needed = (SPARE * CANDIDATES * seconds) / recent
  return windowOf(1 + Math.max(0, Math.ceil((needed - partial) / BUCKET_SECONDS)))
}

/** The way to go on when the newest quarters held too few that the viewer may see. */
export function widen(buckets: number, found: number): Route {
  if (found < TELLING) return { kind: 'all' }
  return windowOf(Math.ceil(buckets * Math.min(8, (SPARE * CANDIDATES) / found)))
}

/**
 * So many quarters up to that of the newest story, and those after it, in which no other story was seen; as the word
 * index numbers them. Null when the newest is too old to name them one by one.
 */
export function bucketsOf(buckets: number, newest: Date, asOf: Date): number[] | null {
  const bucketAt = (moment: Date) => Math.floor(moment.getTime() / 1000 / BUCKET_SECONDS)
  const last = bucketAt(asOf)
  const count = last - bucketAt(newest) + buckets
  return count > 2 * BUCKETS_MAX ? null : Array.from({ length: count }, (_, i) => last - i)
}
