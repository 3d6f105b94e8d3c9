import type { Plot } from './result'

const WIDTH = 640
const HEIGHT = 320
const MARGIN = { left: 64, right: 150, top: 52, bottom: 48 }
const COLOURS = ['#2563eb', '#dc2626', '#059669', '#9333ea', '#d97706', '#0891b2']

/** A line plot as SVG that needs nothing else to be shown. */
export function drawPlot(plot: Plot): string {
  const points = plot.series.flatMap((item) => item.points)
  const scaleX = (x: number) => (plot.logX ? Math.log10(x) : x)
  const [minX, maxX] = [
    Math.min(...points.map(([x]) => scaleX(x))),
    Math.max(...points.map(([x]) => scaleX(x))),
  ]
  const maxY = Math.max(...points.map(([, y]) => y)) * 1.15
  const left = (x: number) =>
    MARGIN.left + ((scaleX(x) - minX) / (maxX - minX || 1)) * (WIDTH - MARGIN.left - MARGIN.right)
  const top = (y: number) => HEIGHT - MARGIN.bottom - (y / maxY) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const text = (x: number, y: number, words: string, more = '') =>
    `<text x="${x}" y="${y}" ${more}>${words}</text>`
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = maxY * share
    return `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${top(y)}" y2="${top(y)}" stroke="#ddd"/>${text(MARGIN.left - 8, top(y) + 4, y.toFixed(1), 'text-anchor="end"')}`
  })
  const marks = [...new Set(points.map(([x]) => x))].map((x) =>
    text(left(x), HEIGHT - MARGIN.bottom + 18, x.toLocaleString('en'), 'text-anchor="middle"'),
  )
  const lines = plot.series.map(({ name, points: line }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const path = line.map(([x, y]) => `${left(x).toFixed(1)},${top(y).toFixed(1)}`).join(' ')
    const dots = line
      .map(([x, y]) => `<circle cx="${left(x)}" cy="${top(y)}" r="3" fill="${colour}"/>`)
      .join('')
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}${text(WIDTH - MARGIN.right + 12, MARGIN.top + 16 + i * 20, name, `fill="${colour}"`)}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${text(MARGIN.left, 20, plot.title, 'font-size="14" font-weight="bold"')}
${ticks.join('\n')}
${marks.join('')}
${text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 8, plot.xLabel, 'text-anchor="middle"')}
${text(MARGIN.left, MARGIN.top - 8, plot.yLabel, 'fill="#555"')}
${lines.join('\n')}
</svg>
`
}
