import { describe, expect, test } from 'bun:test'
import { fakeContext } from '../../../test/support/fake-context'
import { NOON } from '../../../test/support/fakes/clock'
import { expireStories } from './expire-stories'
import { startLoop } from './loop'

describe('the loop', () => {
  test('runs rounds one after the other, never two at once', async () => {
    let running = 0
    let most = 0
    let rounds = 0
    const enough = Promise.withResolvers<void>()
    const loop = startLoop(async () => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
      if (++rounds === 5) enough.resolve()
    }, 0)
    await enough.promise
    await loop.stop()
    expect(most).toBe(1)
  })
  test('ends at once while it rests', async () => {
    const first = Promise.withResolvers<void>()
    let rounds = 0
    const loop = startLoop(async () => {
      rounds++
      first.resolve()
    }, 3_600_000)
    await first.promise
    await loop.stop()
    expect(rounds).toBe(1)
  })
  test('ends after the round in hand, which can ask whether it should', async () => {
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const seen: boolean[] = []
    const loop = startLoop(async (isStopping) => {
      begun.resolve()
      await goOn.promise
      seen.push(isStopping())
    }, 0)
    await begun.promise
    const stopped = loop.stop()
    expect(loop.isStopping()).toBe(true)
    goOn.resolve()
    await stopped
    expect(seen).toEqual([true])
  })
})

describe('a sweep', () => {
  /** A table in which so many stories are due; batches are noted. */
  const sweepOf = async (due: number, batchSize: number, stop = () => false) => {
    const batches: unknown[][] = []
    let left = due
    const fakes = fakeContext({
      config: { workerBatchSize: batchSize },
      stores: {
        expiry: {
          oldestDue: async () => (due === 0 ? null : new Date(NOON.getTime() - 90_000)),
          expireBatch: async (now, from, limit) => {
            batches.push([now, from, limit])
            const count = Math.min(left, limit)
            left -= count
            return { count, lastExpiresAt: count === 0 ? null : `at-${left}` }
          },
        },
      },
    })
    return { ...fakes, batches, sweep: await expireStories(fakes.ctx, stop) }
  }

  test('ends all that is due in batches, each from where the one before ended', async () => {
    const { sweep, batches, activity, ctx } = await sweepOf(25, 10)
    expect(sweep.count).toBe(25)
    expect(batches).toEqual([
      [NOON, null, 10],
      [NOON, 'at-15', 10],
      [NOON, 'at-5', 10],
    ])
    expect(activity.of('storiesExpired')).toEqual([[25, expect.any(Number)]])
    expect((await ctx.metrics.expiryLag.get()).values[0]?.value).toBe(90)
  })
  test('tells of each batch when it has ended, and how far the sweep is while there may be more', async () => {
    const { activity } = await sweepOf(25, 10)
    expect(activity.calls.map(([name]) => name)).toEqual([
      'storiesEnded',
      'storiesEnded',
      'storiesEnded',
      'storiesExpired',
    ])
    expect(activity.of('storiesEnded')).toEqual([
      [10, 10],
      [10, 20],
      [5, null],
    ])
  })
  test('writes one line also when nothing is due', async () => {
    const { batches, activity } = await sweepOf(0, 10)
    expect(batches).toEqual([])
    expect(activity.calls).toEqual([['storiesExpired', 0, expect.any(Number)]])
  })
  test('stops between batches when it is asked to, and tells what it did', async () => {
    const { sweep, activity } = await sweepOf(100, 10, () => true)
    expect(sweep.count).toBe(10)
    expect(activity.of('storiesExpired')[0]?.[0]).toBe(10)
  })
  test('writes its one line also when it fails before the first batch', async () => {
    const oldestDue = () => Promise.reject(new Error('gone'))
    const { ctx, activity } = fakeContext({ stores: { expiry: { oldestDue } } })
    await expect(expireStories(ctx)).rejects.toThrow('gone')
    expect(activity.calls).toEqual([['storiesExpired', 0, expect.any(Number)]])
  })
  test('writes its line also when a batch fails', async () => {
    const expireBatch = () => Promise.reject(new Error('gone'))
    const fakes = fakeContext({ stores: { expiry: { oldestDue: async () => NOON, expireBatch } } })
    await expect(expireStories(fakes.ctx)).rejects.toThrow('gone')
    expect(fakes.activity.calls).toHaveLength(1)
  })
})
