// What k6 saw, as JSON and as a page; and a few lines for the terminal.
const FOLDER = __ENV.SUMMARY_DIR || 'load/results'
const escapeHtml = (text) =>
  String(text).replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char])
const number = (value) => (Number.isInteger(value) ? value : Number(value).toFixed(2))

/** What is told of a latency; for `options.summaryTrendStats`. */
export const TREND = ['min', 'med', 'avg', 'p(90)', 'p(95)', 'p(99)', 'max']
const ORDER = ['count', 'rate', ...TREND, 'value']

/** A rate as a share of how many; everything else by name, in the order of size. */
const tell = (values) =>
  'passes' in values
    ? [`${number(values.rate * 100)} % of ${values.passes + values.fails}`]
    : ORDER.filter((key) => key in values).map((key) => `${key} ${number(values[key])}`)

/** @returns what k6's handleSummary has to: file names to contents */
export function summarize(name, data) {
  const rows = Object.entries(data.metrics).map(([metric, { values, thresholds = {} }]) => {
    const failed = Object.entries(thresholds).filter(([, { ok }]) => !ok)
    const told = tell(values)
    return {
      metric,
      told: told.join(', '),
      limits: Object.keys(thresholds).join(', '),
      failed: failed.map(([rule]) => rule),
    }
  })
  // Those with thresholds first, then by name.
  rows.sort((a, b) => Number(a.limits === '') - Number(b.limits === '') || (a.metric < b.metric ? -1 : 1))
  const about = [
    `against ${__ENV.BASE_URL || 'http://localhost:3000'}`,
    `ended ${new Date().toISOString()}`,
    `after ${number(data.state.testRunDurationMs / 1000)} s`,
    `${data.metrics.vus_max?.values.max ?? 0} virtual users at most`,
  ]
  const broken = rows.filter((row) => row.failed.length > 0)
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title>
<style>body{font:14px sans-serif;margin:2rem}td,th{padding:.3rem .8rem;text-align:left;border-bottom:1px solid #ddd}.bad{color:#b00}</style>
<h1>${name}</h1><p>${escapeHtml(about.join(', '))}</p><p>${broken.length === 0 ? 'Every threshold was kept.' : `${broken.length} thresholds were broken.`}</p>
<table><tr><th>metric</th><th>values</th><th>thresholds</th></tr>
${rows.map((row) => `<tr class="${row.failed.length > 0 ? 'bad' : ''}"><td>${escapeHtml(row.metric)}</td><td>${escapeHtml(row.told)}</td><td>${escapeHtml(row.limits)}</td></tr>`).join('\n')}
</table>`
  const lines = rows
    .filter((row) => row.limits !== '')
    .map((row) => `${row.failed.length > 0 ? 'BROKEN' : 'kept  '} ${row.metric} (${row.limits}): ${row.told}`)
  return {
    stdout: `${name}\n${lines.join('\n')}\n`,
    [`${FOLDER}/k6-${name}.json`]: JSON.stringify(data, null, 2),
    [`${FOLDER}/k6-${name}.html`]: page,
  }
}
