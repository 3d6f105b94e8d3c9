/** The one source of time; tests hand in their own. */
export type Clock = Readonly<{ now(): Date }>

export const systemClock: Clock = { now: () => new Date() }

/** Milliseconds that only ever grow, for measuring how long something took. */
export const monotonicMs = (): number => performance.now()

/** The first moment, in UTC, of the day that is `daysBefore` days before that date's. */
export function startOfUtcDay(date: Date, daysBefore = 0): Date {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() - daysBefore))
}
