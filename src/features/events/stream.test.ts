import { afterEach, describe, expect, jest, test } from 'bun:test'
import { ava, viewerOf } from '../../../test/support/cast'
import { fakeBus } from '../../../test/support/fakes/bus'
import { fakeClock, NOON } from '../../../test/support/fakes/clock'
import { eventTable } from '../../../test/support/fakes/event-table'
import { memoryLogger } from '../../../test/support/fakes/logger'
import { createMetrics } from '../../platform/metrics'
import { formatEventId, NOWHERE } from './event-types'
import { createHub, type Hub } from './hub'
import { openEventStream } from './stream'
import { BUFFER_BYTES_MAX, type Subscriber } from './subscriber'

const hubs: Hub[] = []
afterEach(async () => {
  jest.useRealTimers()
  for (const hub of hubs.splice(0)) await hub.close()
})

function setUp() {
  const table = eventTable()
  const bus = fakeBus()
  const clock = fakeClock()
  const metrics = createMetrics({ processMetrics: false })
  const hub = createHub({
    store: table.store,
    bus,
    clock,
    metrics,
    onError: () => undefined,
    pollMs: 3_600_000,
    restAfter: () => 0,
  })
  hubs.push(hub)
  const slots = { taken: [] as Pick<Subscriber, 'close'>[], released: 0 }
  const ctx = {
    clock,
    hub,
    metrics,
    logger: memoryLogger().logger,
    stores: { events: table.store } as never,
    streamSlots: {
      take: async (stream: Pick<Subscriber, 'close'>) => void slots.taken.push(stream),
      release: () => void slots.released++,
    },
  }
  const open = async (lastEventId: string | null = null, positionsAsEvents = false) =>
    readerOf(await openEventStream(ctx, viewerOf(ava), lastEventId, positionsAsEvents))
  return { table, bus, clock, hub, metrics, slots, open }
}

/** Reads a stream as text until something is there; `stories` are those heard of. */
function readerOf(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  const stories = () => [...text.matchAll(/"story_id":"([^"]*)"/g)].map(([, name]) => name ?? '')
  return {
    stories,
    text: () => text,
    leave: () => reader.cancel(),
    /** False when the stream ended before. */
    async until(isThere: () => boolean): Promise<boolean> {
      while (!isThere()) {
        const { done, value } = await reader.read()
        if (done) return false
        text += decoder.decode(value, { stream: true })
      }
      return true
    },
    end: async () => {
      for (let done = false; !done; ) done = (await reader.read()).done
    },
  }
}

describe('a stream', () => {
  test('begins with retry, a comment and where it is, before any event', async () => {
    const { open } = setUp()
    const stream = await open()
    await stream.until(() => stream.text() !== '')
    expect(stream.text()).toBe(`retry: 1000\n\n: connected\n\nid: ${formatEventId(NOWHERE, NOON)}\n\n`)
  })
  test('resumes: what was missed comes first, then what is new, each once and in order', async () => {
    const { table, bus, open } = setUp()
    const seen = table.commit(ava.id, 'seen')
    for (let i = 0; i < 700; i++) table.commit(ava.id, `missed-${i}`)
    table.commit('somebody', 'not mine')
    const stream = await open(formatEventId(seen.position, NOON))
    table.commit(ava.id, 'meanwhile')
    bus.sayWake()
    await stream.until(() => stream.stories().includes('meanwhile'))
    table.commit(ava.id, 'live')
    bus.sayWake()
    await stream.until(() => stream.stories().includes('live'))
    const missed = Array.from({ length: 700 }, (_, i) => `missed-${i}`)
    expect(stream.stories()).toEqual([...missed, 'meanwhile', 'live'])
  })
  describe('while it catches up', () => {
    /** Commits something in the middle of each look, as long as there is something, and waits for the hub to be past it. */
    const duringLooks = ({ table, bus, hub }: ReturnType<typeof setUp>, commit: () => boolean) => {
      const { readAfter } = table.store
      const readBeside = async (...asked: Parameters<typeof readAfter>) => {
        const events = await readAfter(...asked)
        const before = hub.position()
        if (commit()) {
          bus.sayWake()
          while (hub.position() === before) await Promise.resolve()
        }
        return events
      }
      Object.assign(table.store, { readAfter: readBeside })
    }

    test('is live after a look or two, though others’ events never rest', async () => {
      const stage = setUp()
      const { table, bus, open } = stage
      const seen = table.commit(ava.id, 'seen')
      let looks = 0
      duringLooks(stage, () => {
        if (++looks > 20) throw new Error('it chases the position')
        table.commit('somebody', 'not mine')
        return true
      })
      table.commit(ava.id, 'missed')
      const stream = await open(formatEventId(seen.position, NOON))
      await stream.until(() => stream.stories().includes('missed'))
      table.commit(ava.id, 'live')
      bus.sayWake()
      await stream.until(() => stream.stories().includes('live'))
      expect(stream.stories()).toEqual(['missed', 'live'])
      expect(looks).toBeLessThanOrEqual(2)
    })
    test('misses nothing of its own that is handed out during a look', async () => {
      const stage = setUp()
      const { table, open } = stage
      const seen = table.commit(ava.id, 'seen')
      const own = ['during-0', 'during-1', 'during-2', 'during-3', 'during-4']
      const left = [...own]
      duringLooks(stage, () => {
        const name = left.shift()
        if (name !== undefined) table.commit(ava.id, name)
        return name !== undefined
      })
      table.commit(ava.id, 'missed')
      const stream = await open(formatEventId(seen.position, NOON))
      await stream.until(() => stream.stories().length === 6)
      expect(stream.stories()).toEqual(['missed', ...own])
    })
    test('is kept open by comments, and its first bytes are first', async () => {
      jest.useFakeTimers()
      const { table, open } = setUp()
      const seen = table.commit(ava.id, 'seen')
      table.commit(ava.id, 'missed')
      Object.assign(table.store, { readAfter: () => new Promise(() => undefined) })
      const stream = await open(formatEventId(seen.position, NOON))
      jest.advanceTimersByTime(15_000)
      await stream.until(() => stream.text().includes('keep-alive'))
      expect(stream.text()).toStartWith('retry:')
    })
  })
  test('goes on from the id of any of its events', async () => {
    const { table, bus, open } = setUp()
    const first = await open()
    for (const name of ['a', 'b', 'c']) table.commit(ava.id, name)
    bus.sayWake()
    await first.until(() => first.stories().length === 3)
    const ids = [...first.text().matchAll(/^id: (.*)\nevent/gm)].map(([, id]) => id ?? '')
    const second = await open(ids[1])
    await second.until(() => second.stories().length === 1)
    expect(second.stories()).toEqual(['c'])
  })
  test('tells a client that comes back with an old id its new one, once it has caught up', async () => {
    const { table, clock, open } = setUp()
    const seen = table.commit(ava.id, 'seen')
    const oldId = formatEventId(seen.position, clock.now())
    table.commit(ava.id, 'missed')
    clock.advance(86_399)
    const stream = await open(oldId)
    const newId = formatEventId({ xact: 102n, seq: 0n }, clock.now())
    await stream.until(() => stream.text().includes(newId))
    expect(stream.text()).toEndWith(`"viewed_at":"now"}\n\nid: ${newId}\n\n`)
    // A day after the first id there is still an id to come back with.
    clock.advance(86_399)
    const later = await open(newId)
    await later.until(() => later.text() !== '')
    expect(later.text()).not.toContain('stream.reset')
  })
  test('resumes from an id of when there were events, though they are gone by now', async () => {
    const { table, open } = setUp()
    const { position } = table.commit(ava.id, 'old')
    table.drop()
    const stream = await open(formatEventId({ xact: position.xact + 1n, seq: 0n }, NOON))
    await stream.until(() => stream.text() !== '')
    expect(stream.text()).not.toContain('stream.reset')
  })
  test('tells its position once a minute, beside the comments', async () => {
    jest.useFakeTimers()
    const { clock, open } = setUp()
    const stream = await open()
    for (let i = 0; i < 8; i++) {
      clock.advance(15)
      jest.advanceTimersByTime(15_000)
    }
    const ids = [60, 120].map((seconds) => formatEventId(NOWHERE, new Date(NOON.getTime() + seconds * 1000)))
    await stream.until(() => stream.text().includes(ids[1] ?? ''))
    expect(stream.text().split('keep-alive')).toHaveLength(9)
    expect([...stream.text().matchAll(/^id: (.*)\n\n/gm)].map(([, id]) => id).slice(1)).toEqual(ids)
  })
  test('tells no position within a minute after an event, whose id says it', async () => {
    jest.useFakeTimers()
    const { table, bus, clock, open } = setUp()
    clock.advance(-30)
    const stream = await open()
    table.commit(ava.id, 'a')
    bus.sayWake()
    await stream.until(() => stream.stories().length === 1)
    for (let i = 0; i < 6; i++) {
      clock.advance(15)
      jest.advanceTimersByTime(15_000)
    }
    const told = () => [...stream.text().matchAll(/^id: (.*)\n\n/gm)].map(([, id]) => id?.slice(-8))
    const atSeconds = (seconds: number) => (NOON.getTime() / 1000 + seconds).toString(16)
    await stream.until(() => told().length > 1)
    expect(told()).toEqual([atSeconds(-30), atSeconds(60)])
  })
  test('tells positions as events to those who ask for it', async () => {
    const { open } = setUp()
    const stream = await open(null, true)
    await stream.until(() => stream.text() !== '')
    expect(stream.text()).toEndWith(
      `id: ${formatEventId(NOWHERE, NOON)}\nevent: stream.position\ndata: {}\n\n`,
    )
  })
  test('cuts off a client that takes nothing for five seconds, and nobody else', async () => {
    jest.useFakeTimers()
    const { table, bus, open, metrics } = setUp()
    const [slow, quick] = [await open(), await open()]
    const count = Math.ceil(BUFFER_BYTES_MAX / 150) + 200
    for (let i = 0; i < count; i++) {
      table.commit(ava.id, `s${i}`)
      bus.sayWake()
      await quick.until(() => quick.stories().length > i)
    }
    expect((await metrics.sseClosed.get()).values).toEqual([])
    jest.advanceTimersByTime(5001)
    await expect(slow.end()).rejects.toThrow('slowly')
    expect(quick.stories()).toHaveLength(count)
    expect((await metrics.sseClosed.get()).values).toEqual([{ labels: { reason: 'slow' }, value: 1 }])
  })
  test('lets a client that was behind catch up, and misses nothing', async () => {
    const { table, bus, open } = setUp()
    const [late, quick] = [await open(), await open()]
    const count = Math.ceil(BUFFER_BYTES_MAX / 150) + 200
    for (let i = 0; i < count; i++) table.commit(ava.id, `s${i}`)
    bus.sayWake()
    await quick.until(() => quick.stories().length === count)
    await late.until(() => late.stories().length === count)
    expect(late.stories()).toEqual(quick.stories())
  })
  test('waits for a slow client while it catches up, as nothing is lost by that', async () => {
    const { table, open } = setUp()
    const seen = table.commit(ava.id, 'seen')
    for (let i = 0; i < 1500; i++) table.commit(ava.id, `missed-${i}`)
    const stream = await open(formatEventId(seen.position, NOON))
    await stream.until(() => stream.stories().length === 1500)
    expect(stream.stories().at(-1)).toBe('missed-1499')
  })
  test('that is ended before it begins is an answer that says so, and holds no slot', async () => {
    const { table, bus, open, slots } = setUp()
    const first = await open()
    table.commit(ava.id, 'a')
    bus.sayWake()
    await first.until(() => first.stories().length === 1)
    table.restore(50n)
    await expect(open()).rejects.toThrow('cannot do this right now')
    await first.end()
    expect(slots.released).toBeGreaterThan(slots.taken.length)
  })
  test('ends when its token does', async () => {
    jest.useFakeTimers()
    const { open, clock, metrics } = setUp()
    const stream = await open()
    clock.advance(899)
    jest.advanceTimersByTime(1000)
    expect((await metrics.sseClosed.get()).values).toEqual([])
    clock.advance(1)
    jest.advanceTimersByTime(1000)
    await stream.end()
    expect((await metrics.sseClosed.get()).values[0]?.labels).toEqual({ reason: 'token_expired' })
  })
  test('ends when a newer one needs its place, or the server stops', async () => {
    const { open, slots, hub, metrics } = setUp()
    const [oldest, newest] = [await open(), await open()]
    slots.taken[0]?.close('replaced')
    await oldest.end()
    await hub.close()
    await newest.end()
    const reasons = (await metrics.sseClosed.get()).values.map(({ labels }) => labels.reason)
    expect(reasons).toEqual(['replaced', 'shutdown'])
  })
  test('leaves hub and slot when the client leaves', async () => {
    const { open, hub, slots } = setUp()
    const stream = await open()
    expect(hub.streamsOf(ava.id)).toHaveLength(1)
    await stream.leave()
    expect(hub.streamsOf(ava.id)).toEqual([])
    expect(slots.released).toBe(1)
  })
})
