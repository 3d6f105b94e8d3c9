import { causesOf } from '../../kernel/errors'

/** What a failed statement means: the database is away, or a rule of the schema was broken. */

/** The connection is gone, with whatever ran on it. */
const LOST_CODES = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECTION_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_SOCKET_CLOSED',
  '25P03', // idle in transaction for too long
  '57P01', // terminated by an administrator
  '57P02', // crash of another server process
  '57P03', // starting up or shutting down
])
const CUT_CODES = new Set([
  'CONNECTION_CLOSED',
  'ECONNRESET',
  'EPIPE',
  'ERR_SOCKET_CLOSED',
  '25P03',
  '57P01',
  '57P02',
])
const DOWN_CODES = new Set([
  '25006', // read-only transaction: a standby, or a server told to take no writes
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available in time
  '57014', // statement cancelled by its timeout
  '58030', // input or output error
  'XX001', // data corrupted
])
/** Connection exceptions, out of resources (disk, connections, memory), operator intervention. */
const DOWN_CLASSES = ['08', '53', '57P', '58P']

const codesOf = function* (error: unknown): Generator<string> {
  for (const current of causesOf(error)) {
    if ('code' in current && typeof current.code === 'string') yield current.code
  }
}

/** True when a statement failed because the database is away or cannot take work now; see PostgreSQL, appendix A. */
export function isDatabaseDown(error: unknown): boolean {
  for (const code of codesOf(error)) {
    if (LOST_CODES.has(code) || DOWN_CODES.has(code) || DOWN_CLASSES.some((start) => code.startsWith(start)))
      return true
  }
  return false
}

/** True when a statement waited for a lock in vain, or in a circle. */
export function isHeldUp(error: unknown): boolean {
  for (const code of codesOf(error)) if (code === '55P03' || code === '40P01') return true
  return false
}

/** True when the connection that a statement ran on is gone. */
export function isConnectionLost(error: unknown): boolean {
  for (const code of codesOf(error)) if (LOST_CODES.has(code) || code.startsWith('08')) return true
  return false
}

/** True when the connection was there and was cut, rather than never made. */
export function isConnectionCut(error: unknown): boolean {
  for (const code of codesOf(error)) if (CUT_CODES.has(code)) return true
  return false
}

/** The name of the unique or foreign key constraint that a statement broke, or null. */
export function brokenConstraint(error: unknown): string | null {
  for (const current of causesOf(error)) {
    const { code, constraint_name: name } = current as { code?: unknown; constraint_name?: unknown }
    if ((code === '23505' || code === '23503') && typeof name === 'string') return name
  }
  return null
}

/** True when a statement over several rows may have failed for one of them only: by a constraint, or by a deadlock. */
export function isOfOneRow(error: unknown): boolean {
  for (const code of codesOf(error)) if (code.startsWith('23') || code === '40P01') return true
  return false
}
