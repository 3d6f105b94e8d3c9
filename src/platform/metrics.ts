import {
  type Aggregator,
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client'
import { createRequestMetrics } from './request-metrics'

/** Every Prometheus series of both processes, in one registry a process. */
export type Metrics = ReturnType<typeof createMetrics>

/** What a process has counted, to be added to what others have. */
export type MetricsReport = MetricObjectWithValues<MetricValue<string>>[]

const SWEEP_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export type MetricsOptions = Readonly<{
  processMetrics: boolean
  /** Where several processes serve as one: what the others have counted, asked for with this one's own report. */
  otherReports?: ((own: MetricsReport) => Promise<readonly MetricsReport[]>) | undefined
}>

export function createMetrics(options: MetricsOptions) {
  const { otherReports } = options
  const registry = new Registry()
  const registers = [registry]
  if (options.processMetrics) {
    collectDefaultMetrics({ register: registry })
    // Left out of a sum by default; several processes have run since the first of them started.
    Object.assign(registry.getSingleMetric('process_start_time_seconds') ?? {}, { aggregator: 'min' })
  }
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name, help, labelNames, registers })
  /** @param aggregator what several processes' values are together */
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    aggregator: Aggregator = 'sum',
  ) => new Gauge<L>({ name, help, labelNames, registers, aggregator })

  return {
    registry,
    report: (): Promise<MetricsReport> => registry.getMetricsAsJSON(),
    /** The text that Prometheus reads: the sum over all processes that serve as one. */
    async text(): Promise<string> {
      if (otherReports === undefined) return registry.metrics()
      const own: MetricsReport = await registry.getMetricsAsJSON()
      return AggregatorRegistry.aggregate([own, ...(await otherReports(own))]).metrics()
    },
    requests: createRequestMetrics(registry),
    storiesCreated: counter('stories_created_total', 'Stories created', ['visibility']),
    storyViews: counter('story_views_total', 'First views of a story by somebody else'),
    reactions: counter('reactions_total', 'Reactions added or changed', ['emoji']),
    authEvents: counter('auth_events_total', 'Sign-ups, logins, refreshes and logouts', [
      'action',
      'outcome',
    ]),
    sseConnections: gauge('sse_connections', 'Open event streams'),
    sseClosed: counter('sse_closed_total', 'Event streams that ended, by reason', ['reason']),
    eventsDelivered: counter('events_delivered_total', 'Events written to streams'),
    eventsLag: gauge(
      'events_lag_seconds',
      'Age of the oldest event that is committed but held back by an open transaction',
      [],
      'max',
    ),
    cacheRequests: counter('cache_requests_total', 'Cache look-ups', ['cache', 'result']),
    rateLimitRefusals: counter('rate_limit_refusals_total', 'Requests refused by a limit', ['limit']),
    // One process that cannot reach it is what somebody has to know of.
    dependencyUp: gauge(
      'dependency_up',
      'Whether a dependency answered last (1) or not (0)',
      ['dependency'],
      'min',
    ),
    replicaReads: counter('replica_reads_total', 'Reads meant for the database replica', ['result']),
    dependencyErrors: counter('dependency_errors_total', 'Failures of a dependency', ['dependency']),
    storiesExpired: counter('stories_expired_total', 'Stories ended by the worker'),
    workerLatency: new Histogram({
      name: 'worker_latency_seconds',
      help: 'Duration of an expiry sweep, in seconds',
      buckets: SWEEP_BUCKETS_SECONDS,
      registers,
    }),
    workerLastSuccess: gauge(
      'worker_last_success_timestamp_seconds',
      'When the last sweep ended well, in Unix seconds',
    ),
    workerSweepErrors: counter('worker_sweep_errors_total', 'Sweeps that failed'),
    expiryLag: gauge(
      'expiry_lag_seconds',
      'At the start of a sweep, how long the oldest due story has been due',
      [],
      'max',
    ),
    housekeepingRemoved: counter('housekeeping_removed_total', 'Rows and objects removed by housekeeping', [
      'kind',
    ]),
  }
}
