/** docs/reliability.md: what was measured, and how to measure it again. */

import { type Report, renderTable } from './report.ts'

/** @param seconds how long the whole run took */
export function renderPage(report: Report, seconds: number): string {
  const faults = [...new Set(report.checks.map((check) => check.fault))]
  const kept = report.checks.filter((check) => check.kept).length
  return `# Reliability

What the service does on its worst day, measured with real processes, real stores and real kills on the loopback.
This page is written by

    make resilience

(${seconds} s on the last run; \`make resilience-quick\` is the short form that CI runs). Each fault gets stores of its own. Load
goes on while it lasts: posts with an \`Idempotency-Key\`, first views and feeds, tried again until acknowledged.

- **attempted, acknowledged**: operations, not tries. **lost**: acknowledged and not in the database afterwards (for events: not
  received). **doubled**: there twice. **worst answer**: the slowest single answer while the fault lasted, successes and refusals
  alike, with clients, stores and service sharing the machine's cores. **recovery**: from the end of the fault until all was well.
- **the worker's counts** (fault 6): logs and metrics of all workers add up to the rows, but for the one batch that a killed worker had
  ended and not told of; the rows themselves are exact (\`docs/decisions/0066\`).
- **a slow Redis** (2e): medians of single requests on a service with nothing else to do, less their median with a quick Redis.
- **a clock set back** is \`test/integration/clock-set-back.test.ts\`, with clocks that tests can turn (\`docs/decisions/0065\`).

${renderTable(report.rows)}

## Promises looked at: ${kept} of ${report.checks.length} kept

${faults.map((fault) => renderFault(report, fault)).join('\n\n')}
`
}

function renderFault(report: Report, fault: string): string {
  const lines = report.checks
    .filter((check) => check.fault === fault)
    .map(
      (check) =>
        `- ${check.kept ? 'kept' : '**broken**'}: ${check.promise}${check.found === '' ? '' : ` (${check.found})`}`,
    )
  return [`### ${fault}`, '', ...lines].join('\n')
}
