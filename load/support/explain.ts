import type postgres from 'postgres'
import { parseConfig } from '../../src/config'
import type { AppContext } from '../../src/context'
import { createContext } from '../../src/context'
import type { Bench } from './bench'
import type { Plan } from './result'

/** What PostgreSQL says of a statement: its nodes, and how many rows and pages they touched. */
export type PlanNode = Readonly<{
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: readonly PlanNode[]
}>

export type Captured = Readonly<{ text: string; params: readonly unknown[] }>

/** A context of the service whose statements are noted as they are sent, with what they carry. */
export async function captureStatements(
  env: Record<string, string>,
  work: (ctx: AppContext) => Promise<unknown>,
): Promise<Captured[]> {
  const captured: Captured[] = []
  const ctx = createContext(parseConfig({ ...env, LOG_LEVEL: 'silent' }), {
    service: 'explain',
    version: 'explain',
    // What is looked at is the plan, however long the first time takes.
    databaseConnectMs: 30_000,
    databaseDeadlineMs: 30_000,
    onStatement: (text, params) => void captured.push({ text, params }),
  })
  try {
    await work(ctx)
  } finally {
    await ctx.close()
  }
  return captured
}

const literal = (value: unknown): string =>
  value === null
    ? 'null'
    : typeof value === 'number'
      ? String(value)
      : `'${String(value).replaceAll("'", "''")}'`

/**
 * Runs a statement as the service would: prepared, with a generic plan unless it asks for a custom one.
 *
 * @returns the plan as text and as nodes
 */
export async function explain(
  sql: postgres.Sql,
  { text, params }: Captured,
  options: { generic: boolean },
): Promise<{ text: string; nodes: PlanNode[] }> {
  const args = params.length === 0 ? '' : `(${params.map(literal).join(', ')})`
  const mode = options.generic ? 'force_generic_plan' : 'force_custom_plan'
  const connection = await sql.reserve()
  try {
    // Rolled back, as an explained statement that writes has written.
    await connection.unsafe('begin')
    await connection.unsafe(`set local plan_cache_mode = ${mode}`)
    await connection.unsafe(`prepare explained as ${text}`)
    const asText = await connection.unsafe(
      `explain (analyze, buffers, costs off, timing off) execute explained${args}`,
    )
    await connection.unsafe(`rollback; begin; set local plan_cache_mode = ${mode}`)
    const asJson = await connection.unsafe(`explain (analyze, buffers, format json) execute explained${args}`)
    const root = (asJson[0] as { 'QUERY PLAN': { Plan: PlanNode }[] } | undefined)?.['QUERY PLAN'][0]?.Plan
    return {
      text: asText.map((row) => String(row['QUERY PLAN'])).join('\n'),
      nodes: root === undefined ? [] : flatten(root),
    }
  } finally {
    await connection.unsafe('rollback; deallocate all')
    connection.release()
  }
}

const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)]

/** How many rows of a table were looked at, kept or not. */
export const rowsTouched = (nodes: readonly PlanNode[], relation?: string): number =>
  nodes
    .filter((node) =>
      relation === undefined ? node['Relation Name'] !== undefined : node['Relation Name'] === relation,
    )
    .reduce(
      (sum, node) =>
        sum +
        node['Actual Loops'] *
          (node['Actual Rows'] +
            (node['Rows Removed by Filter'] ?? 0) +
            (node['Rows Removed by Index Recheck'] ?? 0)),
      0,
    )

export const seqScans = (nodes: readonly PlanNode[]): string[] =>
  nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'] ?? '')

export const indexesUsed = (nodes: readonly PlanNode[]): string[] => [
  ...new Set(nodes.flatMap((node) => (node['Index Name'] === undefined ? [] : [node['Index Name']]))),
]

export const planOf = (title: string, captured: Captured, text: string): Plan => ({
  title,
  statement: captured.text.replace(/^ {6}/gm, ''),
  text,
})

/**
 * The plans of all statements that a piece of work sends, as the service prepares them.
 *
 * @param titles one for each statement, in the order of sending
 * @throws when another number of statements was sent
 */
export async function explainEach(
  bench: Bench,
  database: string,
  titles: readonly string[],
  work: (ctx: AppContext) => Promise<unknown>,
): Promise<Plan[]> {
  const statements = await captureStatements(bench.env(database), work)
  if (statements.length !== titles.length)
    throw new Error(`${statements.length} statements were sent, not ${titles.length}: ${titles.join(', ')}`)
  const plans: Plan[] = []
  for (const [i, statement] of statements.entries()) {
    const { text } = await explain(bench.sql(database), statement, { generic: true })
    plans.push(planOf(`${titles[i]} (generic plan)`, statement, text))
  }
  return plans
}
