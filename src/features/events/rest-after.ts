const REST_PER_READ = 2
const REST_MS_MIN = 1
const REST_MS_MAX = 4

/**
 * How long, in milliseconds, the reader of events rests after a read that took so long: under load a read costs more than
 * an event loses by waiting for the next one, and where it is quick, so is the next.
 */
export const restAfter = (readMs: number): number =>
  Math.min(REST_MS_MAX, Math.max(REST_MS_MIN, readMs * REST_PER_READ))
