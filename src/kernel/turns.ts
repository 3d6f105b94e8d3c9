import { monotonicMs } from './clock'
import { unavailable } from './errors'

/** Work under one name runs one after the other in this process; work under other names does not wait. */
export type Turns = Readonly<{
  /** @throws AppError `unavailable` when the turn comes too late for an answer in time; else what `work` throws */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>
}>

/** With a statement's deadline after it, an answer still comes within three seconds. */
const WAIT_MS_MAX = 1500

export function createTurns(nowMs: () => number = monotonicMs): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    async inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
      const before = last.get(name) ?? Promise.resolve()
      const askedMs = nowMs()
      const mine = before
        .catch(() => undefined)
        .then(() => {
          if (nowMs() - askedMs > WAIT_MS_MAX)
            throw unavailable(new Error(`Others took too long for ${name}`))
          return work()
        })
      last.set(name, mine)
      try {
        return await mine
      } finally {
        if (last.get(name) === mine) last.delete(name)
      }
    },
  }
}
