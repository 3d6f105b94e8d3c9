import type { Series } from './read-panels'

export const PANEL_WIDTH = 380
export const PANEL_HEIGHT = 200
const PLOT = { left: 52, right: 370, top: 34, bottom: 146 }
const LEGEND_MAX = 6
const COLORS = [
  '#73bf69',
  '#f2cc0c',
  '#5794f2',
  '#ff9830',
  '#f2495c',
  '#b877d9',
  '#8ab8ff',
  '#96d98d',
  '#ffb357',
  '#ca95e5',
]

/** A small line chart as the inside of an SVG group; every number in it comes from the series. */
export function drawPanel(title: string, unit: string, series: readonly Series[]): string {
  const points = series.flatMap((one) => one.points)
  const from = Math.min(...points.map((point) => point.timeSeconds))
  const to = Math.max(...points.map((point) => point.timeSeconds), from + 1)
  const top = niceCeiling(Math.max(...points.map((point) => point.value), 0))
  const x = (timeSeconds: number) =>
    PLOT.left + ((timeSeconds - from) / (to - from)) * (PLOT.right - PLOT.left)
  const y = (value: number) => PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top)

  const grid = [0, 0.5, 1].map((share) => {
    const at = y(top * share).toFixed(1)
    return `<path d="M${PLOT.left} ${at}H${PLOT.right}" stroke="#2c3235"/><text x="${PLOT.left - 6}" y="${at}" dy="3" text-anchor="end" font-size="9" fill="#8e8e8e">${formatValue(top * share, unit)}</text>`
  })
  const lines = series.map((one, index) => {
    const path = one.points.map(
      (point, at) => `${at === 0 ? 'M' : 'L'}${x(point.timeSeconds).toFixed(1)} ${y(point.value).toFixed(1)}`,
    )
    return `<path d="${path.join('')}" fill="none" stroke="${colorOf(index)}" stroke-width="1.3"/>`
  })
  const legend = series.slice(0, LEGEND_MAX).map((one, index) => {
    const left = PLOT.left - 40 + (index % 3) * 122
    const line = 168 + Math.floor(index / 3) * 15
    return `<rect x="${left}" y="${line - 4}" width="10" height="3" fill="${colorOf(index)}"/><text x="${left + 14}" y="${line}" font-size="9" fill="#ccccdc">${escapeXml(one.name.slice(0, 22))}</text>`
  })
  const empty =
    points.length === 0
      ? `<text x="${PANEL_WIDTH / 2}" y="95" text-anchor="middle" font-size="11" fill="#8e8e8e">No data</text>`
      : ''
  return [
    `<rect width="${PANEL_WIDTH}" height="${PANEL_HEIGHT}" rx="3" fill="#181b1f" stroke="#2c3235"/>`,
    `<text x="12" y="20" font-size="12" font-weight="600" fill="#ccccdc">${escapeXml(title)}</text>`,
    ...grid,
    ...lines,
    ...legend,
    empty,
  ].join('')
}

const colorOf = (index: number): string => COLORS[index % COLORS.length] ?? '#ccccdc'

function niceCeiling(value: number): number {
  if (value <= 0) return 1
  const step = 10 ** Math.floor(Math.log10(value))
  return Math.ceil(value / step) * step
}

function formatValue(value: number, unit: string): string {
  const short = (number: number): string => Number(number.toPrecision(3)).toString()
  if (unit === 'percentunit') return `${short(value * 100)} %`
  if (unit === 'bytes') return `${short(value / 2 ** 20)} MiB`
  if (unit === 's') return value > 0 && value < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`
  return unit === 'reqps' ? `${short(value)}/s` : short(value)
}

const escapeXml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
