import type postgres from 'postgres'
import { unavailable } from '../../kernel/errors'

/** How long the server itself works for a session, waits for a lock, or lets a transaction lie idle: less than we wait. */
export type SessionLimits = Readonly<{
  /** To be given at connection, where a connection is a session of ours. */
  atConnection: Readonly<Record<string, number>>
  /** To be called first in every transaction; throws AppError `unavailable` when a commit could be lost. */
  begin(transaction: Pick<postgres.Sql, 'unsafe'>): Promise<void>
}>

/** @param ownsSession false behind a pooler in transaction mode: limits are then set in each transaction for itself */
export function createSessionLimits(deadlineMs: number, ownsSession: boolean): SessionLimits {
  const limits = {
    statement_timeout: Math.round(deadlineMs * 0.85),
    lock_timeout: Math.round(deadlineMs * 0.75),
    idle_in_transaction_session_timeout: 5000,
  }
  const setAll = Object.entries(limits).map(([name, value]) => `set_config('${name}', '${value}', true)`)
  const setStatement = `select ${setAll.join(', ')}`
  const askStatement = `select extract(epoch from current_setting('lock_timeout')::interval)::float8 * 1000 as ms`
  let isKnownToBeOurs = false

  return {
    atConnection: ownsSession ? limits : {},
    async begin(transaction) {
      if (!ownsSession) await transaction.unsafe(setStatement, [], { prepare: false })
      else if (!isKnownToBeOurs) {
        // What swallowed our limits may hand sessions about, and a prepared commit that is unknown to the next one is
        // sent again in a transaction that is aborted by then: postgres.js reports success for a rollback.
        const [row] = await transaction.unsafe(askStatement, [], { prepare: false })
        if (Math.round(row?.ms) !== limits.lock_timeout) throw unavailable(new Error(SWALLOWED))
        isKnownToBeOurs = true
      }
    },
  }
}

const SWALLOWED =
  'The database did not keep the settings of our connection: a pooler in transaction mode needs DATABASE_PREPARE=false'
