import { describe, expect, test } from 'bun:test'
import { fakeContext } from '../../../test/support/fake-context'
import { NOON } from '../../../test/support/fakes/clock'
import { cleanUp } from './clean-up'
import type { Removable } from './store'

const DAY_MS = 24 * 3_600_000

type Setting = {
  /** How many rows of each kind are past their time. */
  rows?: number
  objects?: readonly Removable[]
  remove?: (key: string) => Promise<void>
  onDays?: (before: string) => void
}

/** Tables with so much to be removed; `dropped` is what was said to be gone of the uploads. */
function setUp({
  rows = 0,
  objects = [],
  remove = async () => undefined,
  onDays = () => undefined,
}: Setting) {
  const table = () => {
    let left = rows
    return async (_: unknown, limit: number) => {
      const count = Math.min(left, limit)
      left -= count
      return count
    }
  }
  const days = table()
  const dropped: string[] = []
  const retired = Array.from({ length: rows }, (_, i) => `story-${i}`)
  const fakes = fakeContext({
    objects: { remove },
    stores: {
      events: { dropBefore: table() },
      housekeeping: {
        dropIdempotencyKeys: table(),
        dropRefreshTokens: table(),
        dropDays: async (before, limit) => {
          onDays(before)
          return days(before, limit)
        },
        dropAuthorViewers: table(),
        giveUpUnclaimed: table(),
        listRetired: async (_, limit) => retired.slice(0, limit),
        dropViewsOf: table(),
        dropReactionsOf: table(),
        dropStories: async (ids) => retired.splice(0, ids.length).length,
        listRemovable: async (after, limit) => {
          const from = after === null ? 0 : objects.findIndex((it) => it.mediaKey === after.mediaKey) + 1
          return objects.slice(from, from + limit)
        },
        dropUploads: async (keys) => void dropped.push(...keys),
      },
    },
  })
  return { ...fakes, dropped }
}

const uploads = (count: number, createdAt = new Date(NOON.getTime() - DAY_MS)): Removable[] =>
  Array.from({ length: count }, (_, i) => ({ mediaKey: `key-${createdAt.getTime()}-${i}`, createdAt }))

describe('a round of housekeeping', () => {
  test('works off the backlog of every kind, however many batches it takes', async () => {
    const { ctx, activity } = setUp({ rows: 45_678, objects: uploads(1234) })
    const all = {
      events: 45_678,
      idempotency_keys: 45_678,
      refresh_tokens: 45_678,
      author_days: 45_678,
      author_viewers: 45_678,
      unclaimed_uploads: 45_678,
      stories: 45_678,
      objects: 1234,
    }
    expect(await cleanUp(ctx)).toEqual(all)
    expect(activity.of('housekeeping')).toEqual([[all, expect.any(Number)]])
  })
  test('removes several objects at once, and not all of them', async () => {
    let underWay = 0
    let most = 0
    const remove = async () => {
      most = Math.max(most, ++underWay)
      await Promise.resolve()
      underWay--
    }
    const { ctx } = setUp({ objects: uploads(200), remove })
    await cleanUp(ctx)
    expect(most).toBe(16)
  })
  test('keeps the row of an object that the store did not take, and goes on with the others', async () => {
    const objects = uploads(300)
    const stuck = objects[7]?.mediaKey
    const remove = (key: string) => (key === stuck ? Promise.reject(new Error('locked')) : Promise.resolve())
    const { ctx, dropped, activity } = setUp({ objects, remove })
    expect((await cleanUp(ctx)).objects).toBe(299)
    expect(dropped).toHaveLength(299)
    expect(dropped).not.toContain(stuck)
    expect(activity.of('followUpFailed')).toEqual([['remove objects', new Error('locked')]])
  })
  test('removes each object once, also those whose rows stay as an upload may still come', async () => {
    const removed: string[] = []
    const remove = async (key: string) => void removed.push(key)
    const young = uploads(300, new Date(NOON.getTime() - 1000))
    const { ctx, dropped } = setUp({ objects: [...uploads(2), ...young], remove })
    expect((await cleanUp(ctx)).objects).toBe(2)
    expect(removed).toHaveLength(302)
    expect(new Set(removed).size).toBe(302)
    expect(dropped).toHaveLength(2)
  })
  test('asks a store that is away once, not for every object', async () => {
    let asked = 0
    const remove = () => Promise.reject(new Error(`away ${++asked}`))
    const { ctx, dropped } = setUp({ objects: uploads(300), remove })
    expect((await cleanUp(ctx)).objects).toBe(0)
    expect([asked, dropped]).toEqual([16, []])
  })
  test('looks for what falls due by the day until all of it is gone, and then not before the next day', async () => {
    const asked: string[] = []
    const { ctx, clock } = setUp({ rows: 1500, onDays: (day) => asked.push(day) })
    const daysDone = new Map<string, string>()
    const round = async () => {
      await cleanUp(ctx, () => false, daysDone)
      return asked.splice(0).length
    }
    expect([await round(), await round(), await round()]).toEqual([2, 0, 0])
    clock.advance(DAY_MS / 1000)
    expect([await round(), await round()]).toEqual([1, 0])
  })
  test('begins nothing when a stop was asked for', async () => {
    const { ctx } = setUp({ rows: 10, objects: uploads(10) })
    expect(Object.values(await cleanUp(ctx, () => true))).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })
})
