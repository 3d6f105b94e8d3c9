import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Db } from './client'

/** A value in a statement: itself, the place that each run fills, or a column of what the statement has read. */
export type Value = string | Placeholder | SQL

/** Runs with a value for each place, on the pool or in a transaction. */
export type Statement<Name extends string> = <Row extends Record<string, unknown>>(
  db: Db,
  values: Readonly<Record<Name, unknown>>,
) => Promise<Row[]>

const dialect = new PgDialect()

/**
 * A statement that is put together once, for what is asked most: otherwise each run pays as much for the making of its
 * text as for the sending.
 *
 * @param names of the places
 * @param build the statement, from a place for each name
 */
export function createStatement<Name extends string>(
  names: readonly Name[],
  build: (places: Readonly<Record<Name, Placeholder>>) => SQL,
): Statement<Name> {
  const places = {} as Record<Name, Placeholder>
  for (const name of names) places[name] = sql.placeholder(name)
  const query = dialect.sqlToQuery(build(places))
  return async <Row>(db: Db, values: Readonly<Record<Name, unknown>>) => {
    const prepared = db._.session.prepareQuery(query, undefined, undefined, false)
    return (await prepared.execute(values)) as Row[]
  }
}

/**
 * The rows of a JSON array as something to select from. They are planned for alike, as the most there can be: given as
 * arrays PostgreSQL would see how many they are and make a new plan for each number, each time.
 *
 * @param columns their names and types; ours, never a user's
 * @param rowsMax more than that are left out
 */
export const jsonRows = (json: Placeholder, columns: string, rowsMax: number): SQL =>
  sql`(select * from json_to_recordset(${json}::text::json) as item(${sql.raw(columns)}) limit ${sql.raw(String(rowsMax))})`

/** A PostgreSQL array literal of what needs no quotes: ids, keys, numbers; its type is said where it is used. */
export const arrayLiteral = (items: readonly (string | number)[]): string => `{${items.join(',')}}`
