import type { Db } from './client'

/** Follow-up work that happens only if, and after, the transaction is committed; it must not throw. */
export type AfterCommit = (job: () => Promise<void> | void) => void

export type Transact<Stores> = <T>(
  work: (tx: Stores & { afterCommit: AfterCommit }) => Promise<T>,
) => Promise<T>

/**
 * Makes `transact(work)`: one transaction, with the stores bound to it, then the follow-up jobs.
 *
 * @param bind makes the stores for a connection
 * @param onJobError hears of a follow-up job that failed; the answer is not affected, as the commit stands
 */
export function createTransact<Stores extends object>(
  db: Db,
  bind: (db: Db) => Stores,
  onJobError: (error: unknown) => void,
): Transact<Stores> {
  return async (work) => {
    const jobs: (() => Promise<void> | void)[] = []
    const result = await db.transaction((tx) =>
      work({ ...bind(tx as unknown as Db), afterCommit: (job) => jobs.push(job) }),
    )
    await Promise.all(jobs.map(async (job) => job())).catch(onJobError)
    return result
  }
}
