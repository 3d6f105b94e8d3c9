/** The one source of time; tests hand in their own. */
export type Clock = Readonly<{
  now(): Date
  /** The same moment in epoch milliseconds, for what every request does: no `Date` has to be made and collected. */
  nowMs(): number
}>

export const systemClock: Clock = { now: () => new Date(), nowMs: Date.now }

/** Milliseconds that only ever grow, for measuring how long something took. */
export const monotonicMs = (): number => performance.now()

/** The first moment, in UTC, of the day that is `daysBefore` days before that date's. */
export function startOfUtcDay(date: Date, daysBefore = 0): Date {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() - daysBefore))
}
