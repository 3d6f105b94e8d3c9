import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { isConnectionLost } from './failures'
import { createHangGuard } from './hang-guard'
import { createSessionLimits } from './session'

/**
 * The PostgreSQL pool behind drizzle. postgres.js waits without end on a server that hangs, so every unit of work runs
 * under a deadline of ours (hang-guard.ts), and it goes on writing to connections that were cut in the middle of a
 * transaction, so a lost transaction is left alone here.
 */

export type Db = PostgresJsDatabase<Record<string, never>>

/** The way to the server beneath drizzle, for statements whose text is ready. */
export type Runner = Readonly<{
  /** @throws what PostgreSQL or the driver throws, and AppError `unavailable` */
  run(text: string, params: readonly unknown[]): Promise<postgres.Row[]>
}>

/** What drizzle itself sends by, on the pool or in a transaction. */
export const runnerOf = (db: Db): Runner => (db._.session as unknown as { client: Runner }).client

export type Database = Readonly<{
  db: Db
  ping(): Promise<void>
  close(): Promise<void>
}>

export type DatabaseOptions = Readonly<{
  url: string
  /** False behind a pooler in transaction mode, where a session belongs to nobody. */
  prepare: boolean
  applicationName: string
  poolSizeMax: number
  /** How long an attempt to connect may take. */
  connectMs?: number | undefined
  /** How long one statement or one transaction may take before the pool counts as hung. */
  deadlineMs: number
  onDown?: (error: unknown) => void
  /** Sees every statement; for tests that count them, and for looking at plans. */
  onStatement?: ((statement: string, params: readonly unknown[]) => void) | undefined
}>

const CONNECT_MS = 2000
const BACKOFF_SECONDS = 0.2

type Pending = PromiseLike<unknown> & { values(): Promise<unknown> }
type InTransaction = Runner & {
  unsafe(text: string, params?: unknown[]): Pending
  savepoint: unknown
  options: unknown
}

export function createDatabase(options: DatabaseOptions): Database {
  const limits = createSessionLimits(options.deadlineMs, options.prepare)
  const open = () =>
    postgres(options.url, {
      max: options.poolSizeMax,
      connect_timeout: (options.connectMs ?? CONNECT_MS) / 1000,
      backoff: () => BACKOFF_SECONDS,
      idle_timeout: 300,
      max_lifetime: 3600,
      // Nobody here reads or writes arrays as such, and the query behind it fails outside of any promise of ours.
      fetch_types: false,
      // Its own `commit` too: as a prepared statement that the pooler's other session does not know, it would fail, be
      // sent again in a transaction that is aborted by then, and report success for a rollback.
      prepare: options.prepare,
      onnotice: () => undefined,
      connection: {
        application_name: options.applicationName,
        TimeZone: 'UTC',
        ...limits.atConnection,
      },
    })
  let pool = open()
  const replace = (old: postgres.Sql, graceSeconds: number) => {
    if (old !== pool) return
    pool = open()
    pool.options.parsers = old.options.parsers
    pool.options.serializers = old.options.serializers
    old.end({ timeout: graceSeconds }).catch(() => undefined)
  }
  const { deadlineMs, poolSizeMax, onDown } = options
  const guard = createHangGuard({ deadlineMs, poolSizeMax, pool: () => pool, replace, onDown })

  const send = (sql: Pick<postgres.Sql, 'unsafe'>, text: string, params: readonly unknown[]) => {
    options.onStatement?.(text, params)
    return sql.unsafe(text, params as postgres.ParameterOrJSON<never>[], {
      // What drizzle sends is prepared, so that a repeated statement costs one round trip.
      prepare: options.prepare,
    })
  }
  const pending = (run: () => Promise<unknown>, values: () => Promise<unknown>): Pending => ({
    // biome-ignore lint/suspicious/noThenProperty: drizzle awaits the query itself or its values()
    then: (resolve, reject) => run().then(resolve, reject),
    values,
  })
  const inTransaction = (sql: postgres.TransactionSql, life: TransactionLife): InTransaction => {
    const step = async <T>(work: () => PromiseLike<T>): Promise<T> => {
      if (life.isLost()) return forever()
      if (life.isOver()) throw new Error('The transaction is out of time')
      const result = await work()
      guard.noteAnswer()
      return result
    }
    const run: Runner['run'] = (text, params) => step(() => send(sql, text, params).then(dense))
    return {
      run,
      unsafe: (text: string, params: unknown[] = []) =>
        pending(
          () => run(text, params),
          () => step(() => send(sql, text, params).values().then(dense)),
        ),
      savepoint: (work: (inner: InTransaction) => Promise<unknown>) =>
        sql.savepoint((inner) => leaveIfLost(work(inTransaction(inner, life)), life)),
      options: pool.options,
    }
  }
  const run: Runner['run'] = (text, params) => guard.run((sql) => send(sql, text, params).then(dense))
  const facade = {
    run,
    unsafe: (text: string, params: unknown[] = []) =>
      pending(
        () => run(text, params),
        () => guard.run((sql) => send(sql, text, params).values().then(dense)),
      ),
    begin: (work: (sql: InTransaction) => PromiseLike<unknown>) =>
      guard.run((sql, isOver) => {
        let isLost = false
        const life = { isOver, isLost: () => isLost }
        const running = sql.begin((transaction) => {
          const worked = limits.begin(transaction).then(() => work(inTransaction(transaction, life)))
          return leaveIfLost(worked, life)
        })
        running.catch(() => {
          isLost = true
        })
        return running
      }),
    get options() {
      return pool.options
    },
  }

  return {
    db: drizzle({ client: facade as unknown as postgres.Sql }),
    ping: async () => {
      // In a transaction, as only there it shows that commits are safe.
      await facade.begin((sql) => sql.unsafe('select 1'))
    },
    close: () => pool.end({ timeout: 2 }),
  }
}

/**
 * postgres.js goes on counting rows after a statement that failed among them, so that the next result on the connection
 * begins with as many holes; without this an existing row would look missing.
 */
const dense = <T>(rows: T): T =>
  Array.isArray(rows) && rows.length > 0 && !(0 in rows) ? (rows.filter(() => true) as T) : rows

type TransactionLife = Readonly<{ isOver: () => boolean; isLost: () => boolean }>

const forever = () => new Promise<never>(() => undefined)

/**
 * postgres.js answers what a transaction's or a savepoint's work came to with a commit or a rollback on its connection
 * object, which may have no socket by then, or carry somebody else's session. The end of the connection ends the transaction
 * anyway, and tells the caller.
 */
const leaveIfLost = <T>(work: Promise<T>, life: TransactionLife): Promise<T> =>
  work.then(
    (done) => (life.isLost() ? forever() : done),
    (error: unknown) => {
      if (life.isLost() || isConnectionLost(error)) return forever()
      throw error
    },
  )
