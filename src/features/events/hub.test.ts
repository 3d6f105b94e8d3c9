import { afterEach, describe, expect, jest, test } from 'bun:test'
import fc from 'fast-check'
import { ava, ben } from '../../../test/support/cast'
import { fakeBus } from '../../../test/support/fakes/bus'
import { fakeClock } from '../../../test/support/fakes/clock'
import { eventTable } from '../../../test/support/fakes/event-table'
import { until } from '../../../test/support/until'
import { createMetrics } from '../../platform/metrics'
import { comparePositions, type StoredEvent } from './event-types'
import { createHub, type Hub } from './hub'
import { restAfter } from './rest-after'
import type { CloseReason, Subscriber } from './subscriber'

const decoder = new TextDecoder()
const hubs: Hub[] = []
afterEach(async () => {
  jest.useRealTimers()
  for (const hub of hubs.splice(0)) await hub.close()
})

function setUp(pollMs = 3_600_000, restMs = 0) {
  const table = eventTable()
  const bus = fakeBus()
  const clock = fakeClock()
  const errors: unknown[] = []
  const metrics = createMetrics({ processMetrics: false })
  const hub = createHub({
    store: table.store,
    bus,
    clock,
    metrics,
    onError: (error) => errors.push(error),
    pollMs,
    restAfter: () => restMs,
  })
  hubs.push(hub)
  return { hub, table, bus, clock, errors, metrics }
}

/** Notes the stories it hears of; `heard(n)` resolves with the nth. */
function listener(userId: string) {
  const stories: string[] = []
  const comments: string[] = []
  const closed: CloseReason[] = []
  let waiting: { count: number; resolve: () => void } | null = null
  const subscriber: Subscriber = {
    id: crypto.randomUUID(),
    userId,
    endsAtMs: Number.POSITIVE_INFINITY,
    push(frame) {
      stories.push(/"story_id":"([^"]*)"/.exec(decoder.decode(frame))?.[1] ?? '')
      if (waiting !== null && stories.length >= waiting.count) waiting.resolve()
    },
    comment: (frame) => void comments.push(decoder.decode(frame)),
    close: (reason) => void closed.push(reason),
  }
  const heard = (count: number) =>
    new Promise<string[]>((resolve) => {
      waiting = { count, resolve: () => resolve(stories) }
      if (stories.length >= count) resolve(stories)
    })
  return { subscriber, stories, comments, closed, heard }
}

describe('the hub', () => {
  test('hands each event to its author alone, in the order of the table', async () => {
    const { hub, table, bus } = setUp()
    const [one, two] = [listener(ava.id), listener(ben.id)]
    await hub.join(one.subscriber)
    await hub.join(two.subscriber)
    for (const name of ['a', 'b', 'c']) table.commit(ava.id, name)
    table.commit(ben.id, 'd')
    bus.sayWake()
    expect(await one.heard(3)).toEqual(['a', 'b', 'c'])
    expect(await two.heard(1)).toEqual(['d'])
  })
  test('hands out nothing from before the first stream, and nothing twice', async () => {
    const { hub, table, bus } = setUp()
    table.commit(ava.id, 'old')
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    table.commit(ava.id, 'new')
    for (let i = 0; i < 5; i++) bus.sayWake()
    await one.heard(1)
    await hub.join(listener(ben.id).subscriber)
    expect(one.stories).toEqual(['new'])
  })
  test('holds back what an open transaction may still come before', async () => {
    const { hub, table, bus } = setUp()
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    table.commit(ava.id, 'held', { heldBack: true })
    bus.sayWake()
    await hub.join(listener(ben.id).subscriber)
    expect(one.stories).toEqual([])
    table.release()
    // No further wake: the hub looks again by itself soon.
    expect(await one.heard(1)).toEqual(['held'])
  })
  test('lags behind nothing once nobody listens', async () => {
    const { hub, table, bus, clock, metrics } = setUp()
    const reader = listener(ava.id)
    await hub.join(reader.subscriber)
    const lag = async () => (await metrics.eventsLag.get()).values[0]?.value
    table.commit(ava.id, 'newer', { heldBack: true })
    clock.advance(12)
    bus.sayWake()
    await until('the lag', async () => (await lag()) !== 0)
    hub.leave(reader.subscriber)
    expect(await lag()).toBe(0)
  })
  test('reads a long tail to its end', async () => {
    const { hub, table, bus } = setUp()
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    const names = Array.from({ length: 2500 }, (_, i) => `s${i}`)
    for (const name of names) table.commit(ava.id, name)
    bus.sayWake()
    expect(await one.heard(2500)).toEqual(names)
  })
  test('finds events without any wake, by its poll', async () => {
    const { hub, table } = setUp(5)
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    table.commit(ava.id, 'polled')
    expect(await one.heard(1)).toEqual(['polled'])
  })
  test('serves all streams of a user, and none that left', async () => {
    const { hub, table, bus, metrics } = setUp()
    const [stays, leaves] = [listener(ava.id), listener(ava.id)]
    await hub.join(stays.subscriber)
    await hub.join(leaves.subscriber)
    hub.leave(leaves.subscriber)
    expect(hub.streamsOf(ava.id)).toEqual([stays.subscriber])
    table.commit(ava.id, 'a')
    bus.sayWake()
    await stays.heard(1)
    expect(leaves.stories).toEqual([])
    expect((await metrics.sseConnections.get()).values[0]?.value).toBe(1)
  })
  test('starts over in a database that has gone back, and its streams come back', async () => {
    const { hub, table, bus, errors } = setUp(5)
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    for (const name of ['a', 'b']) table.commit(ava.id, name)
    bus.sayWake()
    await one.heard(2)
    const before = hub.position()
    table.restore(50n)
    await until('the stream to end', () => one.closed.length > 0)
    expect(one.closed).toEqual(['error'])
    expect(String(errors[0])).toContain('gone back')
    hub.leave(one.subscriber)
    const again = listener(ava.id)
    expect(comparePositions((await hub.join(again.subscriber)).line, before)).toBeLessThan(0)
    table.commit(ava.id, 'c')
    bus.sayWake()
    expect(await again.heard(1)).toEqual(['c'])
  })
  test('forgets where it was when the last stream leaves while it reads', async () => {
    const { hub, table, bus } = setUp()
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    bus.sayWake()
    hub.leave(one.subscriber)
    await new Promise(setImmediate)
    for (let i = 0; i < 2500; i++) table.commit(ben.id, `s${i}`)
    const before = table.state.reads
    await hub.join(listener(ava.id).subscriber)
    // Of what everybody did meanwhile nothing is read.
    expect(table.state.reads - before).toBe(1)
  })
  test('costs one read for many streams', async () => {
    const { hub, table, bus } = setUp()
    const many = Array.from({ length: 50 }, () => listener(ava.id))
    for (const { subscriber } of many) await hub.join(subscriber)
    const before = table.state.reads
    table.commit(ava.id, 'a')
    bus.sayWake()
    await Promise.all(many.map(({ heard }) => heard(1)))
    expect(table.state.reads - before).toBe(1)
  })
  test.each([
    [0.2, 1],
    [1.5, 3],
    [30, 4],
  ])('rests after a read of %d ms for %d ms', (readMs, restMs) => {
    expect(restAfter(readMs)).toBe(restMs)
  })
  test('reads once for a burst of wakes, and misses none of it', async () => {
    const { hub, table, bus } = setUp(3_600_000, 300)
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    const before = table.state.reads
    for (let i = 0; i < 20; i++) {
      table.commit(ava.id, `s${i}`)
      bus.sayWake()
      await Promise.resolve()
    }
    expect(await one.heard(20)).toHaveLength(20)
    expect(table.state.reads - before).toBe(1)
  })
  describe('what this process has committed', () => {
    test('is handed out at once, without a read, when nothing can lie before it', async () => {
      const { hub, table } = setUp()
      table.commit(ava.id, 'before')
      const one = listener(ava.id)
      await hub.join(one.subscriber)
      const before = table.state.reads
      for (const name of ['a', 'b', 'c']) hub.committed([table.commit(ava.id, name)])
      expect(one.stories).toEqual(['a', 'b', 'c'])
      expect(table.state.reads).toBe(before)
    })
    test('waits for an older transaction of its own', async () => {
      const { hub, table } = setUp(3_600_000, 3_600_000)
      table.commit(ava.id, 'before')
      const one = listener(ava.id)
      await hub.join(one.subscriber)
      const [older, younger] = [table.begin(ava.id, 'older'), table.begin(ava.id, 'younger')]
      younger.commit()
      hub.committed([younger.event])
      expect(one.stories).toEqual([])
      older.commit()
      hub.committed([older.event])
      expect(one.stories).toEqual(['older', 'younger'])
    })
    test('is read with the rest when another process may have committed before it', async () => {
      const { hub, table } = setUp()
      const one = listener(ava.id)
      await hub.join(one.subscriber)
      table.commit(ava.id, 'of another process')
      hub.committed([table.commit(ava.id, 'own')])
      expect(one.stories).toEqual([])
      expect(await one.heard(2)).toEqual(['of another process', 'own'])
    })
    test.each(['wake', 'nobody'] as const)(
      'is heard also under a number that was given before, to what a crash took back (read by: %s)',
      async (who) => {
        const { hub, table, bus } = setUp()
        const one = listener(ava.id)
        await hub.join(one.subscriber)
        hub.committed([table.commit(ava.id, 'before')])
        await one.heard(1)
        for (let i = 0; i < 3; i++) table.abort()
        if (who === 'wake') {
          bus.sayWake()
          await hub.join(listener(ben.id).subscriber)
        }
        table.crash()
        table.commit(ava.id, 'of another process')
        for (const name of ['a', 'b', 'c', 'd']) hub.committed([table.commit(ava.id, name)])
        expect(await one.heard(6)).toEqual(['before', 'of another process', 'a', 'b', 'c', 'd'])
      },
    )
    test('follows at once on a read that was under way and ends before it', async () => {
      const { hub, table } = setUp(3_600_000, 3_600_000)
      const one = listener(ava.id)
      await hub.join(one.subscriber)
      const [another, own] = [table.begin(ava.id, 'of another process'), table.begin(ava.id, 'own')]
      another.commit()
      const reading = hub.join(listener(ben.id).subscriber)
      own.commit()
      hub.committed([own.event])
      await reading
      expect(one.stories).toEqual(['of another process', 'own'])
    })
    test('is not kept when too much of it waits, but read', async () => {
      const { hub, table } = setUp()
      const one = listener(ava.id)
      await hub.join(one.subscriber)
      const oldest = table.begin(ava.id, 'oldest')
      const names = Array.from({ length: 1500 }, (_, i) => `s${i}`)
      for (const name of names) {
        const { event, commit } = table.begin(ava.id, name)
        commit()
        hub.committed([event])
      }
      oldest.commit()
      hub.committed([oldest.event])
      expect(await one.heard(1501)).toEqual(['oldest', ...names])
    })
    test('is read where it is not known', async () => {
      const { hub, table } = setUp()
      const one = listener(ava.id)
      await hub.join(one.subscriber)
      table.commit(ava.id, 'a')
      hub.committed([])
      expect(await one.heard(1)).toEqual(['a'])
    })
    test('is in the order of the table, and there once, however all of it interleaves', async () => {
      const STEPS = ['begin ours', 'begin another', 'commit', 'tell', 'tell again', 'wake', 'turn'] as const
      const STEP = fc.record({ do: fc.constantFrom(...STEPS), which: fc.nat(7) })
      await fc.assert(
        fc.asyncProperty(fc.array(STEP, { minLength: 5, maxLength: 80 }), async (steps) => {
          const { hub, table, bus } = setUp()
          const one = listener(ava.id)
          await hub.join(one.subscriber)
          const begun: string[] = []
          const open: { isOurs: boolean; event: StoredEvent; commit(): void }[] = []
          /** A transaction has ended some time before its process hears of it. */
          const untold: StoredEvent[] = []
          const told: StoredEvent[] = []
          const pick = <T>(from: T[], which: number) => from.splice(which % Math.max(1, from.length), 1)[0]
          const commit = (which: number) => {
            const ended = pick(open, which)
            ended?.commit()
            if (ended?.isOurs) untold.push(ended.event)
          }
          const tell = (from: StoredEvent[], which: number) => {
            const event = pick(from, which)
            if (event === undefined) return
            hub.committed([event])
            told.push(event)
          }
          for (const { do: step, which } of steps) {
            if (step === 'commit') commit(which)
            else if (step === 'tell') tell(untold, which)
            else if (step === 'tell again') tell(told, which)
            else if (step === 'wake') bus.sayWake()
            else if (step === 'turn') await Promise.resolve()
            else {
              begun.push(`s${begun.length}`)
              open.push({ isOurs: step === 'begin ours', ...table.begin(ava.id, begun.at(-1) ?? '') })
            }
            expect(one.stories).toEqual(begun.slice(0, one.stories.length))
          }
          while (open.length > 0) commit(0)
          bus.sayWake()
          expect(await one.heard(begun.length)).toEqual(begun)
          while (untold.length > 0) tell(untold, 0)
          await hub.join(listener(ben.id).subscriber)
          expect(one.stories).toEqual(begun)
          await hub.close()
        }),
        { numRuns: 300 },
      )
    })
  })
  test('goes on after the database was away', async () => {
    const { hub, table, bus, errors } = setUp(5)
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    table.state.failure = new Error('gone')
    table.commit(ava.id, 'a')
    bus.sayWake()
    await hub.join(listener(ben.id).subscriber).catch(() => undefined)
    table.state.failure = null
    expect(await one.heard(1)).toEqual(['a'])
    expect(errors.length).toBeGreaterThan(0)
  })
  test('a stream that cannot be joined is not kept', async () => {
    const { hub, table } = setUp()
    table.state.failure = new Error('gone')
    await expect(hub.join(listener(ava.id).subscriber)).rejects.toThrow('gone')
    expect(hub.streamsOf(ava.id)).toEqual([])
  })
  test('keeps each line open with a comment every 15 seconds', async () => {
    jest.useFakeTimers()
    const { hub } = setUp()
    const many = Array.from({ length: 20 }, () => listener(ava.id))
    for (const { subscriber } of many) await hub.join(subscriber)
    jest.advanceTimersByTime(15_000)
    expect(many.map(({ comments }) => comments)).toEqual(many.map(() => [': keep-alive\n\n']))
    jest.advanceTimersByTime(15_000)
    expect(many.every(({ comments }) => comments.length === 2)).toBe(true)
  })
  test('never writes to many at once to keep their lines open, as events would wait for it', async () => {
    jest.useFakeTimers()
    const { hub } = setUp()
    const many = Array.from({ length: 3000 }, () => listener(ava.id))
    for (const { subscriber } of many) await hub.join(subscriber)
    const written = () => many.reduce((total, { comments }) => total + comments.length, 0)
    let before = written()
    for (let ms = 0; ms < 15_000; ms += 10) {
      jest.advanceTimersByTime(10)
      expect(written() - before).toBeLessThanOrEqual(2)
      before = written()
    }
    expect(before).toBe(3000)
  })
  test('ends all streams when it closes', async () => {
    const { hub } = setUp()
    const one = listener(ava.id)
    await hub.join(one.subscriber)
    await hub.close()
    expect(one.closed).toEqual(['shutdown'])
  })
})
