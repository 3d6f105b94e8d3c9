import { expect, test } from 'bun:test'
import { createMetrics, type MetricsOptions } from './metrics'

/** A process with three open streams that is as well as can be, or lags behind without Redis. */
function metricsOf(isWell: boolean, otherReports?: MetricsOptions['otherReports']) {
  const metrics = createMetrics({ processMetrics: false, otherReports })
  metrics.dependencyUp.set({ dependency: 'redis' }, isWell ? 1 : 0)
  metrics.eventsLag.set(isWell ? 1 : 9)
  metrics.expiryLag.set(isWell ? 1 : 9)
  metrics.sseConnections.set(3)
  return metrics
}

test.each([
  ['who is asked', false, [true, true]],
  ['another one', true, [false, true]],
  ['yet another one', true, [true, false]],
])('several processes tell the worst and the longest lag, of whomever: %s', async (_, own, others) => {
  const otherReports = () => Promise.all(others.map((isWell) => metricsOf(isWell).report()))
  const lines = (await metricsOf(own, otherReports).text()).split('\n')
  expect(lines).toContain('dependency_up{dependency="redis"} 0')
  expect(lines).toContain('events_lag_seconds 9')
  expect(lines).toContain('expiry_lag_seconds 9')
  expect(lines).toContain('sse_connections 9')
})
