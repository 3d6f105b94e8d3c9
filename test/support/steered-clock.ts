import type { Clock } from '../../src/kernel/clock'

/** A clock that stands still until it is told to move. */
export type SteeredClock = Clock & Readonly<{ advanceMs(ms: number): void; set(at: Date | string): void }>

export function createSteeredClock(start: Date | string = new Date()): SteeredClock {
  let nowMs = new Date(start).getTime()
  return {
    now: () => new Date(nowMs),
    nowMs: () => nowMs,
    advanceMs: (ms) => {
      nowMs += ms
    },
    set: (at) => {
      nowMs = new Date(at).getTime()
    },
  }
}

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
