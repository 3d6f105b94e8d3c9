import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Counter, Histogram, Registry } from 'prom-client'
import { createRequestMetrics } from './request-metrics'

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** The same two metrics as prom-client keeps them itself. */
function ownOfPromClient() {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered',
    labelNames: ['method', 'route', 'code'],
    registers,
  })
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from request to answer, in seconds',
    labelNames: ['method', 'route'],
    buckets: BUCKETS_SECONDS,
    registers,
  })
  return {
    registry,
    note(method: string, route: string, status: number, seconds: number) {
      requests.inc({ method, route, code: String(status) })
      duration.observe({ method, route }, seconds)
    },
  }
}

/** Lines in an order of their own, as neither promises one, and sums without what adding in another order changes. */
const linesOf = async (registry: Registry) =>
  (await registry.metrics())
    .split('\n')
    .map((line) =>
      line.includes('_sum{') ? line.replace(/[\d.e-]+$/, (sum) => Number(sum).toFixed(6)) : line,
    )
    .sort()

const answer = fc.record({
  method: fc.constantFrom('GET', 'POST', 'OTHER'),
  route: fc.constantFrom('/feed', '/stories/:id', 'unmatched'),
  status: fc.constantFrom(200, 201, 404, 503),
  seconds: fc.oneof(
    fc.constantFrom(0, ...BUCKETS_SECONDS, 5.01, 60),
    fc.double({ min: 0, max: 9, noNaN: true }),
  ),
})

describe('request metrics', () => {
  test('are what prom-client itself would have counted, also when asked in between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(answer, { maxLength: 30 }), { maxLength: 3 }), async (parts) => {
        const registry = new Registry()
        const tallied = createRequestMetrics(registry)
        const usual = ownOfPromClient()
        for (const answers of parts) {
          for (const { method, route, status, seconds } of answers) {
            tallied.note(method, route, status, seconds)
            usual.note(method, route, status, seconds)
          }
          expect(await linesOf(registry)).toEqual(await linesOf(usual.registry))
        }
      }),
    )
  })
  test('start anew with the registry', async () => {
    const registry = new Registry()
    createRequestMetrics(registry).note('GET', '/feed', 200, 0.002)
    registry.resetMetrics()
    expect(await registry.metrics()).not.toContain('/feed')
  })
})
