import { describe, expect, test } from 'bun:test'
import { type Chore, type Piece, shareTime } from './share-time'

/** Chores with so many full pieces before them, each taking so long by a clock that only they move on. */
async function share(
  backlogs: Record<string, { pieces: number; ms: number; fails?: boolean }>,
  { budgetMs = 1000, stopAfter = Number.POSITIVE_INFINITY } = {},
) {
  let timeMs = 5000
  const order: string[] = []
  const failed: string[] = []
  const chores = Object.entries(backlogs).map(([kind, { pieces, ms, fails = false }]): Chore => {
    let left = pieces
    const doPiece = async (): Promise<Piece> => {
      order.push(kind)
      timeMs += ms
      if (fails) throw new Error(kind)
      return left-- > 0 ? { removed: 10, isMore: true } : { removed: 3, isMore: false }
    }
    return { kind, doPiece }
  })
  const removed = await shareTime(chores, {
    budgetMs,
    nowMs: () => timeMs,
    stopRequested: () => order.length >= stopAfter,
    onFailed: (kind, error) => void failed.push(`${kind}: ${(error as Error).message}`),
  })
  const turnsOf = (kind: string) => order.filter((name) => name === kind).length
  return { removed, order, failed, turnsOf }
}

describe('the time of a round', () => {
  test('lets a backlog go to its end while there is some', async () => {
    const { removed } = await share({ events: { pieces: 500, ms: 1 }, keys: { pieces: 0, ms: 1 } })
    expect(removed).toEqual({ events: 5003, keys: 3 })
  })
  test('is over for all when it is over, after the piece in hand', async () => {
    const { order } = await share({ events: { pieces: 500, ms: 300 } })
    expect(order).toHaveLength(4)
  })
  test('is shared by those who can use it, however long their pieces take', async () => {
    const { turnsOf } = await share({
      events: { pieces: 500, ms: 1 },
      viewers: { pieces: 500, ms: 100 },
      keys: { pieces: 0, ms: 1 },
      objects: { pieces: 500, ms: 10 },
    })
    expect(turnsOf('keys')).toBe(1)
    // A third of the time each, to a piece of the longest.
    expect(turnsOf('viewers')).toBeWithin(3, 6)
    expect(turnsOf('objects')).toBeWithin(25, 46)
    expect(turnsOf('events')).toBeWithin(250, 460)
  })
  test('has room for one piece of each, even when the first one takes all of it', async () => {
    const { order } = await share({
      viewers: { pieces: 9, ms: 5000 },
      events: { pieces: 9, ms: 1 },
      keys: { pieces: 9, ms: 1 },
    })
    expect(order).toEqual(['viewers', 'events', 'keys'])
  })
  test('ends between two pieces when a stop is asked for', async () => {
    const backlogs = { events: { pieces: 9, ms: 1 }, keys: { pieces: 9, ms: 1 } }
    expect((await share(backlogs, { stopAfter: 0 })).removed).toEqual({ events: 0, keys: 0 })
    expect((await share(backlogs, { stopAfter: 1 })).order).toEqual(['events'])
    expect((await share(backlogs, { stopAfter: 5 })).order).toHaveLength(5)
  })
  test('is not spent on what fails, and the others go on', async () => {
    const { removed, failed, turnsOf } = await share({
      events: { pieces: 9, ms: 1, fails: true },
      keys: { pieces: 9, ms: 1 },
    })
    expect(turnsOf('events')).toBe(1)
    expect(failed).toEqual(['events: events'])
    expect(removed).toEqual({ events: 0, keys: 93 })
  })
})
