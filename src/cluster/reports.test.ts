import { describe, expect, test } from 'bun:test'
import { createMetrics } from '../platform/metrics'
import { createReports } from './reports'

/** What a process reports that created so many stories and holds so many streams. */
async function reportOf(stories: number, streams: number) {
  const metrics = createMetrics({ processMetrics: false })
  metrics.storiesCreated.inc({ visibility: 'public' }, stories)
  metrics.sseConnections.set(streams)
  metrics.requests.note('GET', '/feed', 200, 0.002)
  return metrics.report()
}
const total = (reports: readonly Awaited<ReturnType<typeof reportOf>>[], name: string) =>
  reports
    .flatMap((report) => report.filter((metric) => metric.name === name))
    .flatMap(({ values }) => values)
    .reduce((sum, { value }) => sum + value, 0)

describe('reports', () => {
  test('hold what each other process said last', async () => {
    const reports = createReports<string>()
    reports.note('first', await reportOf(1, 1))
    reports.note('second', await reportOf(10, 2))
    reports.note('second', await reportOf(20, 3))
    expect(total(reports.others('first'), 'stories_created_total')).toBe(20)
    expect(total(reports.others('second'), 'stories_created_total')).toBe(1)
  })
  test('keep the counters of processes that ended, and none of their gauges', async () => {
    const reports = createReports<string>()
    for (let i = 1; i <= 5; i++) {
      reports.note(`process ${i}`, await reportOf(i, 7))
      await reports.retire(`process ${i}`)
    }
    const others = reports.others('new')
    expect(others).toHaveLength(1)
    expect(total(others, 'stories_created_total')).toBe(15)
    expect(total(others, 'sse_connections')).toBe(0)
    const histogram = others[0]?.find(({ name }) => name === 'http_request_duration_seconds')
    const count = histogram?.values.find(
      (value) => 'metricName' in value && /_count$/.test(`${value.metricName}`),
    )
    expect(count?.value).toBe(5)
  })
  test('never miss an ended process while its counters are being added to those of others', async () => {
    const reports = createReports<string>()
    const retiring: Promise<void>[] = []
    for (let i = 1; i <= 4; i++) {
      reports.note(`process ${i}`, await reportOf(10, 0))
      retiring.push(reports.retire(`process ${i}`))
      expect(total(reports.others('new'), 'stories_created_total')).toBe(10 * i)
    }
    await Promise.all(retiring)
    expect(total(reports.others('new'), 'stories_created_total')).toBe(40)
  })
  test('a process that never said anything leaves nothing behind', async () => {
    const reports = createReports<string>()
    await reports.retire('silent')
    expect(reports.others('new')).toEqual([])
  })
})
