import { monotonicMs } from '../../kernel/clock'
import { unavailable } from '../../kernel/errors'
import { createDeadlines, NoAnswerInTime } from '../deadlines'
import { isConnectionCut, isConnectionLost, isDatabaseDown } from './failures'

/**
 * A deadline around each unit of work. When one passes and the server answered nobody meanwhile, the server hangs: its
 * pool is replaced, and until one unit has gone through again the others fail at once. A server that answers others, if
 * only that it waited for a lock in vain, is slow, and their connections must not suffer.
 *
 * No more units are under way than there are connections: what waits here and runs out of time is never sent, so that a
 * burst ends with its last deadline, and not when the server has done what nobody waits for any more.
 */
export type HangGuard<Pool> = Readonly<{
  /**
   * @param work gets the present pool, and a way to ask whether its time is over
   * @throws AppError `unavailable` when the database is away, hangs or is too slow; else what `work` throws
   */
  run<T>(work: (pool: Pool, isOver: () => boolean) => PromiseLike<T>): Promise<T>
  /** To be called when the server answered something. */
  noteAnswer(): void
}>

type Options<Pool> = Readonly<{
  deadlineMs: number
  /** How many connections a pool has. */
  poolSizeMax: number
  pool: () => Pool
  /** Takes a pool out of use; what still runs on it has the grace to end. */
  replace(pool: Pool, graceSeconds: number): void
  onDown?: ((error: unknown) => void) | undefined
}>

/** A connection that is silent for so long after its deadline is lost, though its server lives. */
const STUCK_MS = 10_000
const CUT_GRACE_SECONDS = 0.5

export function createHangGuard<Pool>(options: Options<Pool>): HangGuard<Pool> {
  const deadlines = createDeadlines(options.deadlineMs)
  let answeredMs = -1
  let isHung = false
  let isProbing = false
  const noteAnswer = () => {
    answeredMs = monotonicMs()
    isHung = false
  }
  const noteUnlessLost = (error: unknown) => {
    if (!isConnectionLost(error)) noteAnswer()
  }
  let underWay = 0
  const waiting: (() => void)[] = []
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) underWay--
    else next()
  }
  /** Does it when there is a connection for it; never, once its time is over. */
  const inLine = async <T>(isOver: () => boolean, work: () => PromiseLike<T>): Promise<T> => {
    if (underWay < options.poolSizeMax) underWay++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      if (isOver()) throw new NoAnswerInTime()
      const running = Promise.resolve(work())
      running.then(noteAnswer, noteUnlessLost)
      return await running
    } finally {
      leave()
    }
  }
  const fail = (cause: unknown) => {
    options.onDown?.(cause)
    return unavailable(cause)
  }
  const retireIfStuck = (pool: Pool, running: Promise<unknown>) => {
    const timer = setTimeout(() => options.replace(pool, STUCK_MS / 1000), STUCK_MS)
    timer.unref()
    const settled = () => clearTimeout(timer)
    running.then(settled, settled)
  }

  return {
    noteAnswer,
    async run(work) {
      const isProbe = isHung
      if (isProbe && isProbing) throw fail(new Error('The database hangs'))
      isProbing ||= isProbe
      let pool = options.pool()
      const startedMs = monotonicMs()
      let over = false
      const isOver = () => over
      const running = inLine(isOver, () => {
        pool = options.pool()
        return work(pool, isOver)
      })
      try {
        return await deadlines.within(running)
      } catch (error) {
        if (error instanceof NoAnswerInTime) {
          over = true
          isHung = answeredMs < startedMs
          if (isHung) options.replace(pool, 0)
          else retireIfStuck(pool, running)
          throw fail(new Error(`The database did not answer within ${options.deadlineMs} ms`))
        }
        // A connection object of postgres.js that was cut while it wrote cannot be used again.
        if (isConnectionCut(error)) options.replace(pool, CUT_GRACE_SECONDS)
        if (isDatabaseDown(error)) throw fail(error)
        throw error
      } finally {
        if (isProbe) isProbing = false
      }
    },
  }
}
