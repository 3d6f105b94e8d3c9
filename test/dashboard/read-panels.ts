import { join } from 'node:path'

/** One query of a panel, with the name its line gets. */
export type PanelQuery = Readonly<{ expression: string; legend: string }>
export type Panel = Readonly<{ title: string; unit: string; queries: readonly PanelQuery[] }>
export type Point = Readonly<{ timeSeconds: number; value: number }>
export type Series = Readonly<{ name: string; points: readonly Point[] }>

const DASHBOARD = join(import.meta.dir, '../../ops/grafana/dashboards/stories.json')
/** What Grafana puts in for a scrape interval of 15 s. */
const RATE_INTERVAL = '1m'

type DashboardFile = {
  panels: {
    title: string
    fieldConfig: { defaults: { unit: string } }
    targets: { expr: string; legendFormat: string }[]
  }[]
}
type RangeAnswer = {
  status: string
  error?: string
  data: { result: { metric: Record<string, string>; values: [number, string][] }[] }
}

/** Every panel of the provisioned dashboard, with queries as Grafana would send them. */
export async function readPanels(): Promise<Panel[]> {
  const file: DashboardFile = await Bun.file(DASHBOARD).json()
  return file.panels.map((panel) => ({
    title: panel.title,
    unit: panel.fieldConfig.defaults.unit,
    queries: panel.targets.map((target) => ({
      expression: target.expr.replaceAll('$__rate_interval', RATE_INTERVAL),
      legend: target.legendFormat,
    })),
  }))
}

/**
 * Asks Prometheus for one query over the last minutes.
 *
 * @returns its series with finite values only, named as the legend says
 * @throws Error when Prometheus refuses the query
 */
export async function querySeries(
  prometheusUrl: string,
  query: PanelQuery,
  spanSeconds: number,
): Promise<Series[]> {
  const url = new URL('/api/v1/query_range', prometheusUrl)
  const end = Math.floor(Date.now() / 1000)
  url.searchParams.set('query', query.expression)
  url.searchParams.set('start', String(end - spanSeconds))
  url.searchParams.set('end', String(end))
  url.searchParams.set('step', String(Math.max(5, Math.round(spanSeconds / 120))))
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  const answer = (await response.json()) as RangeAnswer
  if (answer.status !== 'success') throw new Error(`${query.expression}: ${answer.error}`)
  return answer.data.result.map((series) => ({
    name: query.legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => series.metric[label] ?? ''),
    points: series.values
      .map(([timeSeconds, value]) => ({ timeSeconds, value: Number(value) }))
      .filter((point) => Number.isFinite(point.value)),
  }))
}
