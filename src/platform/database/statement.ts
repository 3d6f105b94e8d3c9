import { is, Placeholder, type SQL, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { type Db, runnerOf } from './client'

/** A value in a statement: itself, the place that each run fills, or a column of what the statement has read. */
export type Value = string | Placeholder | SQL

type Values<Name extends string> = Readonly<Record<Name, unknown>>

/** Runs with a value for each place, on the pool or in a transaction. */
export type Statement<Name extends string> = <Row extends Record<string, unknown>>(
  db: Db,
  values: Values<Name>,
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
  // Past drizzle's own prepared queries, which make twice as many objects for a run as the driver does.
  const fillers = query.params.map((param) =>
    is(param, Placeholder) ? (values: Values<Name>) => values[param.name as Name] : () => param,
  )
  return <Row>(db: Db, values: Values<Name>) =>
    runnerOf(db).run(
      query.sql,
      fillers.map((fill) => fill(values)),
    ) as Promise<unknown[]> as Promise<Row[]>
}

/** Runs with a row for each item. */
export type ListStatement<Column extends string> = <Row extends Record<string, unknown>>(
  db: Db,
  items: readonly Readonly<Record<Column, unknown>>[],
) => Promise<Row[]>

/**
 * A statement for several items of one kind, and another one for a single item, which is what most runs have: without a list to
 * read and to join it takes the server up to a fifth less (docs/decisions/0086, 0092).
 *
 * @param columns names and types of an item; ours, never a user's
 * @param itemsMax more than that are left out
 * @param build the statement, from what the items are selected by; to stand behind `with … as`
 * @param buildForOne the same for a single item, where it can be said more simply
 */
export function createListStatement<Column extends string>(
  columns: Readonly<Record<Column, string>>,
  itemsMax: number,
  build: (items: SQL) => SQL,
  buildForOne = build,
): ListStatement<Column> {
  const names = Object.keys(columns) as Column[]
  const forMany = createStatement(['items'], ({ items }) => build(jsonRows(items, columns, itemsMax)))
  const forOne = createStatement(names, (values) => buildForOne(oneRow(values, columns)))
  return (db, items) => {
    const [first] = items
    return first !== undefined && items.length === 1
      ? forOne(db, first)
      : forMany(db, { items: JSON.stringify(items) })
  }
}

/**
 * The rows of a JSON array. They are planned for alike, as the most there can be: given as arrays PostgreSQL would see how
 * many they are and make a new plan for each number, each time.
 */
const jsonRows = (json: Placeholder, columns: Readonly<Record<string, string>>, rowsMax: number): SQL => {
  const types = Object.entries(columns).map(([name, type]) => `${name} ${type}`)
  return sql`materialized (select * from json_to_recordset(${json}::text::json) as item(${sql.raw(types.join(', '))}) limit ${sql.raw(String(rowsMax))})`
}

/** Not materialized, so that its values stand wherever its columns do, and all is found by key. */
const oneRow = <Column extends string>(
  values: Readonly<Record<Column, Placeholder>>,
  columns: Readonly<Record<Column, string>>,
): SQL => {
  const fields = (Object.keys(columns) as Column[]).map(
    (name) => sql`${values[name]}::text::${sql.raw(columns[name])} as ${sql.raw(name)}`,
  )
  return sql`not materialized (select ${sql.join(fields, sql`, `)})`
}

/** A PostgreSQL array literal of what needs no quotes: ids, keys, numbers; its type is said where it is used. */
export const arrayLiteral = (items: readonly (string | number)[]): string => `{${items.join(',')}}`
