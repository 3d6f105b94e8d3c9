/** `make dashboard-picture`: draws what the dashboard's queries answer right now as docs/images/dashboard.svg. */
import { join } from 'node:path'
import { drawPanel, PANEL_HEIGHT, PANEL_WIDTH } from './draw-panel'
import { querySeries, readPanels } from './read-panels'

const COLUMNS = 3
const GAP = 12
const TARGET = join(import.meta.dir, '../../docs/images/dashboard.svg')

const prometheusUrl = process.env.PROMETHEUS_URL || 'http://localhost:9090'
const spanSeconds = Number(process.env.SPAN_SECONDS || 900)
const panels = await readPanels()
const drawn: string[] = []
for (const [index, panel] of panels.entries()) {
  const series = (
    await Promise.all(panel.queries.map((query) => querySeries(prometheusUrl, query, spanSeconds)))
  ).flat()
  const x = GAP + (index % COLUMNS) * (PANEL_WIDTH + GAP)
  const y = GAP + Math.floor(index / COLUMNS) * (PANEL_HEIGHT + GAP)
  drawn.push(`<g transform="translate(${x} ${y})">${drawPanel(panel.title, panel.unit, series)}</g>`)
}
const width = COLUMNS * (PANEL_WIDTH + GAP) + GAP
const height = Math.ceil(panels.length / COLUMNS) * (PANEL_HEIGHT + GAP) + GAP
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">
<rect width="${width}" height="${height}" fill="#111217"/>
${drawn.join('\n')}
</svg>
`
await Bun.write(TARGET, svg)
console.log(`${panels.length} panels drawn, ${svg.length} bytes`)
