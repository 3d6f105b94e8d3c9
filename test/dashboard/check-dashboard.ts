/** `make dashboard-check`: runs every panel's queries against a Prometheus that scraped a real run; each must return data. */
import { querySeries, readPanels } from './read-panels'

const prometheusUrl = process.env.PROMETHEUS_URL || 'http://localhost:9090'
const spanSeconds = Number(process.env.SPAN_SECONDS || 900)
let empty = 0
let total = 0
for (const panel of await readPanels()) {
  for (const query of panel.queries) {
    total += 1
    const series = (await querySeries(prometheusUrl, query, spanSeconds)).filter(
      (one) => one.points.length > 0,
    )
    if (series.length === 0) empty += 1
    const points = series.reduce((sum, one) => sum + one.points.length, 0)
    console.log(
      `${series.length > 0 ? 'ok  ' : 'FAIL'} ${panel.title} (${query.legend}): ${series.length} series, ${points} points`,
    )
  }
}
console.log(`${total - empty} passed, ${empty} failed`)
process.exit(empty === 0 ? 0 : 1)
