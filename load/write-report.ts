/** `bun load/write-report.ts`: writes docs/performance.md and its plots from load/results/. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Glob } from 'bun'
import { drawPlot } from './support/draw-plot'
import { PROJECT_DIR } from './support/processes'
import { RESULTS_FOLDER, type RowResult, type Try } from './support/result'

type Kept = RowResult & { measuredAt: string }

const ORDER = ['1', '1b', '1w', '2', '3', '4', '5', '6', '7', '8', '9', '9b', '9c', '10', '11', '12']
const files = [...new Glob('*.json').scanSync(RESULTS_FOLDER)].filter((name) =>
  ORDER.includes(name.replace('.json', '')),
)
const results = (await Promise.all(
  files.map((name) => Bun.file(join(RESULTS_FOLDER, name)).json()),
)) as Kept[]
results.sort((a, b) => ORDER.indexOf(a.row) - ORDER.indexOf(b.row))

const images = join(PROJECT_DIR, 'docs/images')
mkdirSync(images, { recursive: true })
for (const { plot } of results)
  if (plot !== undefined) await Bun.write(join(images, plot.file), drawPlot(plot))

const table = results.map(
  (item) =>
    `| ${item.row} | ${item.work} | ${item.yardstick} | ${item.bound} | **${item.found}** | ${item.reached ? 'yes' : 'no'} |`,
)
const details = results.map((item) =>
  [
    `### Row ${item.row}`,
    '',
    `Measured ${item.measuredAt.slice(0, 10)}. Rounds: ${item.rounds.join('; ')}.`,
    '',
    ...item.absolute.map((line) => `- ${line}`),
    ...(item.notes ?? []).map((line) => `- ${line}`),
    ...(item.plot === undefined ? [] : ['', `![${item.plot.title}](images/${item.plot.file})`]),
    '',
  ].join('\n'),
)
const plans = results.flatMap((item) =>
  (item.plans ?? []).map(
    (plan) => `### Row ${item.row}. ${plan.title}\n\n\`\`\`text\n${plan.text}\n\`\`\`\n`,
  ),
)
const missing = ORDER.filter((row) => row !== '1w' && !results.some((item) => item.row === row))

const triesFile = Bun.file(join(RESULTS_FOLDER, 'tries.json'))
const tries = ((await triesFile.exists()) ? await triesFile.json() : []) as Try[]
const micro = (ms: number) => (ms < 1 ? `${(ms * 1000).toPrecision(3)} µs` : `${ms.toPrecision(3)} ms`)
const tried = tries.map(
  (item) =>
    `| ${item.tried} (${micro(item.triedMs)}) | ${item.instead} (${micro(item.insteadMs)}) | **${item.ratio} ×** | ${item.verdict} |`,
)

const notes = await Bun.file(join(import.meta.dir, 'notes.md')).text()
await Bun.write(
  join(PROJECT_DIR, 'docs/performance.md'),
  `# Performance

Written by \`make bench\` (the text around the table: \`load/notes.md\`). Machines differ and are shared, so what counts
is the ratio to the yardstick measured in the same run.

| # | work | yardstick in the same run | to reach | found | reached |
| --- | --- | --- | --- | --- | --- |
${table.join('\n')}

${missing.length === 0 ? '' : `Not measured yet: rows ${missing.join(', ')}.\n\n`}${notes}
## Tried, measured, kept or dropped

Medians of both, asked in turn by \`bun load/tries.ts\`. What cannot be taken apart so is in the decision notes
(0050, 0069 to 0087), each with its number.

| tried | beside | time | verdict |
| --- | --- | --- | --- |
${tried.join('\n')}

## Rows

${details.join('\n')}
## Plans

As \`EXPLAIN (ANALYZE, BUFFERS)\` shows them; \`test/integration/plans*.test.ts\` hold their shapes.

${plans.join('\n')}`,
)
