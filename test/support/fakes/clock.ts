import type { Clock } from '../../../src/kernel/clock'

export type FakeClock = Clock & { advance(seconds: number): void }

/** The moment at which every test begins: a Wednesday noon. */
export const NOON = new Date('2026-03-04T12:00:00.000Z')

/** A clock that stands still until it is told to move. */
export function fakeClock(start: Date = NOON): FakeClock {
  let ms = start.getTime()
  return {
    now: () => new Date(ms),
    nowMs: () => ms,
    advance(seconds) {
      ms += seconds * 1000
    },
  }
}
