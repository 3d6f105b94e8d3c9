import { monotonicMs } from '../kernel/clock'

/**
 * Deadlines for others, counted only while this process was there to see an answer. On a busy machine a timer comes late
 * and finds answers that have long arrived unread; whoever fails them then blames others for what its own process did.
 */
export type Deadlines = Readonly<{
  /** Throws NoAnswerInTime when the work is not done in time, or hardly before; the work itself goes on. */
  within<T>(work: Promise<T>): Promise<T>
  /** Milliseconds that this process was attentive while somebody waited; only differences mean something. */
  attentiveMs(): number
  /** How late this process has lately been. */
  recentLagMs(): number
  stop(): void
}>

export class NoAnswerInTime extends Error {
  override name = 'NoAnswerInTime'
  constructor() {
    super('no answer in time')
  }
}

type Waiting = { startedMs: number; fail: ((error: Error) => void) | null }

const TICKS_PER_DEADLINE = 10
/** A tick that comes later than this many ticks counts as so many: the rest was this process's own. */
const COUNTED_TICKS_MAX = 1.5
const FORGET_AT = 1024

type Timing = Readonly<{ nowMs(): number; later(work: () => void, ms: number): Timer }>
const SYSTEM: Timing = { nowMs: monotonicMs, later: setTimeout }

export function createDeadlines(deadlineMs: number, { nowMs, later }: Timing = SYSTEM): Deadlines {
  const tickMs = deadlineMs / TICKS_PER_DEADLINE
  // All have the same deadline, so the first to come is the first to be late.
  let waiting: Waiting[] = []
  let first = 0
  let unsettled = 0
  let overdue: Waiting[] = []
  let spared: Waiting[] = []
  let timer: Timer | null = null
  let countedMs = 0
  let tickedMs = 0
  let lagMs = 0

  const sinceTickMs = () => Math.max(0, nowMs() - tickedMs)
  const attentiveMs = () =>
    timer === null ? countedMs : countedMs + Math.min(sinceTickMs(), tickMs * COUNTED_TICKS_MAX)

  const tick = () => {
    const isLate = sinceTickMs() > tickMs * COUNTED_TICKS_MAX
    lagMs = Math.max(sinceTickMs() - tickMs, lagMs / 2)
    countedMs = attentiveMs()
    tickedMs = nowMs()
    // Between two ticks the sockets are read; after a late one there may be answers that came meanwhile.
    for (const { fail } of isLate ? spared : [...spared, ...overdue]) fail?.(new NoAnswerInTime())
    spared = isLate ? overdue : []
    overdue = []
    const lateMs = countedMs - deadlineMs + 2 * tickMs
    for (let next = waiting[first]; next !== undefined; next = waiting[first]) {
      if (next.fail !== null && next.startedMs > lateMs) break
      if (next.fail !== null) overdue.push(next)
      first++
    }
    if (first > FORGET_AT || unsettled === 0) {
      waiting = waiting.slice(first)
      first = 0
    }
    timer = unsettled === 0 ? null : schedule()
  }
  const schedule = () => {
    const scheduled = later(tick, tickMs)
    scheduled.unref()
    return scheduled
  }
  const settle = (one: Waiting) => {
    if (one.fail === null) return
    one.fail = null
    unsettled--
  }

  return {
    within: (work) =>
      new Promise((resolve, reject) => {
        if (timer === null) {
          tickedMs = nowMs()
          lagMs = 0
          timer = schedule()
        }
        const one: Waiting = {
          startedMs: attentiveMs(),
          fail(error) {
            settle(one)
            reject(error)
          },
        }
        waiting.push(one)
        unsettled++
        work.then(
          (value) => {
            settle(one)
            resolve(value)
          },
          (error: unknown) => {
            settle(one)
            reject(error)
          },
        )
      }),
    attentiveMs,
    recentLagMs: () => (timer === null ? 0 : Math.max(lagMs, sinceTickMs() - tickMs)),
    stop() {
      if (timer !== null) clearTimeout(timer)
      timer = null
    },
  }
}
