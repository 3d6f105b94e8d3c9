import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { AppError, unavailable } from '../../kernel/errors'
import { isDatabaseDown } from './failures'

/**
 * The PostgreSQL pool behind drizzle. postgres.js waits without end on a server that hangs, so every unit of work
 * has a deadline of ours; when one passes, the whole pool is replaced and its waiting queries fail at once.
 */

export type Db = PostgresJsDatabase<Record<string, never>>

export type Database = Readonly<{
  db: Db
  ping(): Promise<void>
  close(): Promise<void>
}>

export type DatabaseOptions = Readonly<{
  url: string
  applicationName: string
  poolSizeMax: number
  /** How long one statement or one transaction may take before the pool counts as hung. */
  deadlineMs: number
  onDown?: (error: unknown) => void
  /** Sees the text of every statement; for tests that count them. */
  onStatement?: (statement: string) => void
}>

/** Put in front of a statement that must be planned with its parameters known. */
export const CUSTOM_PLAN = '/* custom plan */'

const CONNECT_TIMEOUT_SECONDS = 2
const BACKOFF_SECONDS = 0.2

type Rows = Promise<postgres.RowList<postgres.Row[]>>
type Pending = PromiseLike<unknown> & { values(): Promise<unknown> }
type Runner = Pick<postgres.Sql, 'unsafe'>

export function createDatabase(options: DatabaseOptions): Database {
  const open = () =>
    postgres(options.url, {
      max: options.poolSizeMax,
      connect_timeout: CONNECT_TIMEOUT_SECONDS,
      backoff: () => BACKOFF_SECONDS,
      idle_timeout: 300,
      max_lifetime: 3600,
      onnotice: () => undefined,
      connection: {
        application_name: options.applicationName,
        TimeZone: 'UTC',
        statement_timeout: Math.round(options.deadlineMs * 0.9),
        lock_timeout: Math.round(options.deadlineMs * 0.8),
        idle_in_transaction_session_timeout: 5000,
      },
    })
  let pool = open()

  const replacePool = (hung: postgres.Sql) => {
    if (hung !== pool) return
    pool = open()
    pool.options.parsers = hung.options.parsers
    pool.options.serializers = hung.options.serializers
    hung.end({ timeout: 0 }).catch(() => undefined)
  }

  const withDeadline = async <T>(work: (pool: postgres.Sql) => PromiseLike<T>): Promise<T> => {
    const used = pool
    let timer: Timer | undefined
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        replacePool(used)
        reject(unavailable(new Error(`The database did not answer within ${options.deadlineMs} ms`)))
      }, options.deadlineMs)
    })
    try {
      return await Promise.race([work(used), deadline])
    } catch (error) {
      const down = error instanceof AppError || isDatabaseDown(error)
      if (down) options.onDown?.(error)
      throw down && !(error instanceof AppError) ? unavailable(error) : error
    } finally {
      clearTimeout(timer)
    }
  }

  const send = (runner: Runner, text: string, params: unknown[]) => {
    options.onStatement?.(text)
    return runner.unsafe(text, params as postgres.ParameterOrJSON<never>[], {
      prepare: !text.startsWith(CUSTOM_PLAN),
    })
  }
  /** What drizzle sends is prepared, so that a repeated statement costs one round trip. */
  const inTransaction = (sql: postgres.TransactionSql): object => ({
    unsafe: (text: string, params: unknown[] = []) => send(sql, text, params),
    savepoint: (work: (inner: object) => Promise<unknown>) =>
      sql.savepoint((inner) => work(inTransaction(inner))),
    options: pool.options,
  })
  const facade = {
    unsafe(text: string, params: unknown[] = []): Pending {
      const rows = () => withDeadline((sql) => send(sql, text, params) as Rows)
      return {
        // biome-ignore lint/suspicious/noThenProperty: drizzle awaits the query itself or its values()
        then: (resolve, reject) => rows().then(resolve, reject),
        values: () => withDeadline((sql) => send(sql, text, params).values()),
      }
    },
    begin: (work: (sql: object) => Promise<unknown>) =>
      withDeadline((sql) => sql.begin((transaction) => work(inTransaction(transaction)))),
    get options() {
      return pool.options
    },
  }

  return {
    db: drizzle({ client: facade as unknown as postgres.Sql }),
    ping: async () => {
      await facade.unsafe('select 1')
    },
    close: () => pool.end({ timeout: 2 }),
  }
}
