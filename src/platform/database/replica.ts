import { AppError } from '../../kernel/errors'
import { createDatabase, type Database, type DatabaseOptions } from './client'

/** Reads that may lag: answered by a copy of the database where there is one and it is well, else by the primary. */
export type Replica<Stores> = Readonly<{
  /** Whatever comes back may be out of date: what is shown to people is judged on the primary. */
  read<T>(work: (stores: Stores) => Promise<T>): Promise<T>
  /** Throws when the copy is away; null when there is none. */
  ping: (() => Promise<void>) | null
}>

export type ReplicaRead = 'replica' | 'fell_back' | 'passed_over'

type Options<Stores> = Readonly<{
  primary: Stores
  copy: { stores: Stores; ping(): Promise<void> } | null
  nowMs: () => number
  onRead: (result: ReplicaRead) => void
}>

/** The pool of a copy, or null where no address is given. */
export const openCopy = (url: string | null, options: Omit<DatabaseOptions, 'url'>): Database | null =>
  url === null ? null : createDatabase({ ...options, url })

/** A copy that could not answer is left alone for so long. */
const PAUSE_MS = 1000

/** @param options the copy's own deadline bounds how long a read waits for it before it asks the primary */
export function createReplica<Stores>({ primary, copy, nowMs, onRead }: Options<Stores>): Replica<Stores> {
  if (copy === null) return { read: (work) => work(primary), ping: null }
  let pausedUntilMs = Number.NEGATIVE_INFINITY
  return {
    async read(work) {
      if (nowMs() < pausedUntilMs) {
        onRead('passed_over')
        return work(primary)
      }
      try {
        const result = await work(copy.stores)
        onRead('replica')
        return result
      } catch (error) {
        if (error instanceof AppError && error.code !== 'unavailable') throw error
        // Also for what only a copy says no to, such as a column that has not arrived there.
        pausedUntilMs = nowMs() + PAUSE_MS
        onRead('fell_back')
        return work(primary)
      }
    },
    ping: copy.ping,
  }
}
