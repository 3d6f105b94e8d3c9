/** What a fault's run found: one row of the table, and every promise that was looked at. */

export type Row = {
  fault: string
  load: string
  attempted: number
  acknowledged: number
  lost: number
  doubled: number
  /** Null where no request is made. */
  worstMs: number | null
  /** Seconds from the fault's end until all was well; null where nothing has to recover. */
  recoverySeconds: number | null
}

export type Check = Readonly<{ fault: string; promise: string; kept: boolean; found: string }>

export type Report = Readonly<{
  rows: Row[]
  checks: Check[]
  row(row: Row): void
  check(fault: string, promise: string, kept: boolean, found?: string): void
}>

export function createReport(log: (line: string) => void): Report {
  const rows: Row[] = []
  const checks: Check[] = []
  return {
    rows,
    checks,
    row: (row) => void rows.push(row),
    check(fault, promise, kept, found = '') {
      checks.push({ fault, promise, kept, found })
      log(`  ${kept ? 'kept  ' : 'BROKEN'} ${promise}${found === '' ? '' : ` (${found})`}`)
    },
  }
}

const HEAD = [
  'fault',
  'load',
  'attempted',
  'acknowledged',
  'lost',
  'doubled',
  'worst answer ms',
  'recovery s',
]

/** The rows as a Markdown table. */
export function renderTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.fault,
    row.load,
    String(row.attempted),
    String(row.acknowledged),
    String(row.lost),
    String(row.doubled),
    row.worstMs === null ? 'n/a' : String(Math.round(row.worstMs)),
    row.recoverySeconds === null ? 'n/a' : row.recoverySeconds.toFixed(1),
  ])
  const widths = HEAD.map((name, at) => Math.max(name.length, ...cells.map((row) => (row[at] ?? '').length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(HEAD), rule, ...cells.map(line)].join('\n')
}
