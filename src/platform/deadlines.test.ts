import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createDeadlines } from './deadlines'

const DEADLINE_MS = 120

/** A process whose timers and clock the test moves; `turn` is one turn of its event loop that takes so long. */
function setUp() {
  let nowMs = 5000
  let timers: { dueMs: number; work: () => void }[] = []
  const handle = { unref: () => undefined } as unknown as Timer
  const deadlines = createDeadlines(DEADLINE_MS, {
    nowMs: () => nowMs,
    later(work, ms) {
      timers.push({ dueMs: nowMs + ms, work })
      return handle
    },
  })
  const turn = async (ms: number) => {
    nowMs += ms
    const due = timers.filter(({ dueMs }) => dueMs <= nowMs)
    timers = timers.filter(({ dueMs }) => dueMs > nowMs)
    for (const { work } of due) work()
    await Promise.resolve().then(() => Promise.resolve())
  }
  const start = () => {
    const work = Promise.withResolvers<string>()
    const seen = { answer: '' }
    deadlines.within(work.promise).then(
      (answer) => {
        seen.answer = answer
      },
      (error: Error) => {
        seen.answer = error.message
      },
    )
    return { work, seen }
  }
  return { deadlines, turn, start, timers: () => timers.length }
}
const turns = async (count: number, work: () => Promise<void>) => {
  for (let i = 0; i < count; i++) await work()
}

describe('a deadline', () => {
  test('ends what has no answer, never later than it says and hardly earlier', async () => {
    const { start, turn } = setUp()
    const { seen } = start()
    await turns(107, () => turn(1))
    expect(seen.answer).toBe('')
    await turns(13, () => turn(1))
    expect(seen.answer).toBe('no answer in time')
  })
  test('holds for each of many, whenever they started', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40), { minLength: 1, maxLength: 30 }), async (pauses) => {
        const { start, turn } = setUp()
        const open: { agedMs: number; seen: { answer: string } }[] = []
        const pass = async () => {
          await turn(1)
          for (const one of open) {
            one.agedMs++
            if (one.agedMs < 100) expect(one.seen.answer).toBe('')
            if (one.agedMs > DEADLINE_MS) expect(one.seen.answer).toBe('no answer in time')
          }
        }
        for (const pauseMs of pauses) {
          open.push({ agedMs: 0, seen: start().seen })
          await turns(pauseMs, pass)
        }
        await turns(DEADLINE_MS + 1, pass)
      }),
      { numRuns: 30 },
    )
  })
  test('lets an answer pass that had arrived while the process was busy, however long that was', async () => {
    const { start, turn } = setUp()
    for (const alreadyMs of [0, 50, 90, 107]) {
      const { work, seen } = start()
      await turns(alreadyMs, () => turn(1))
      // The timers of this turn come before the sockets are read.
      await turn(3000)
      expect(seen.answer).toBe('')
      work.resolve('here')
      await turn(1)
      expect(seen.answer).toBe('here')
    }
  })
  test('counts turns, not time, when every turn is long', async () => {
    const { start, turn } = setUp()
    const { work, seen } = start()
    await turns(4, () => turn(100))
    expect(seen.answer).toBe('')
    work.resolve('after four turns')
    await turn(100)
    expect(seen.answer).toBe('after four turns')
    const silent = start()
    await turns(8, () => turn(100))
    expect(silent.seen.answer).toBe('no answer in time')
  })
  test('passes failures on, and keeps no timer when nobody waits', async () => {
    const { start, turn, timers } = setUp()
    expect(timers()).toBe(0)
    const { work, seen } = start()
    work.reject(new Error('refused'))
    await turns(12, () => turn(1))
    expect(seen.answer).toBe('refused')
    expect(timers()).toBe(0)
    const next = start()
    await turns(120, () => turn(1))
    expect(next.seen.answer).toBe('no answer in time')
  })
})

describe('attentive time', () => {
  test('runs with the clock, but not through a pause of this process', async () => {
    const { deadlines, start, turn } = setUp()
    start()
    const startedMs = deadlines.attentiveMs()
    await turns(40, () => turn(1))
    expect(deadlines.attentiveMs() - startedMs).toBe(40)
    expect(deadlines.recentLagMs()).toBe(0)
    await turn(1000)
    expect(deadlines.attentiveMs() - startedMs).toBeLessThanOrEqual(60)
    expect(deadlines.recentLagMs()).toBeGreaterThan(900)
  })
})
