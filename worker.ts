import { ConfigError, parseConfig } from './src/config'
import { createContext } from './src/context'
import { expireStories } from './src/features/expiry/expire-stories'
import { startLoop } from './src/features/expiry/loop'
import { createWorkerStatus } from './src/features/health/worker-status'
import { cleanUp } from './src/features/housekeeping/clean-up'
import { version } from './src/version'

/** The background process: a sweep and a round of housekeeping every minute, metrics of its own, drain on SIGTERM. */

const STATEMENT_DEADLINE_MS = 30_000
const STOP_MS_MAX = 9000

const config = (() => {
  try {
    return parseConfig(process.env)
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error)
    process.exit(1)
  }
})()
const isOnce = process.argv.includes('--once')
const ctx = createContext(config, {
  service: 'worker',
  version,
  processMetrics: true,
  poolSizeMax: 2,
  databaseDeadlineMs: STATEMENT_DEADLINE_MS,
})

if (isOnce) {
  try {
    await expireStories(ctx)
    await cleanUp(ctx)
  } catch (error) {
    ctx.logger.error({ event: 'sweep_failed', err: error })
    process.exit(1)
  }
  await ctx.close()
  process.exit(0)
}

const status = createWorkerStatus(ctx)
const server = Bun.serve({ port: config.workerMetricsPort, hostname: config.host, fetch: status.respond })
ctx.logger.info({ event: 'worker_started', port: server.port, version })

const loop = startLoop(async (isStopping) => {
  try {
    await expireStories(ctx, isStopping)
    status.noteSuccess()
    if (!isStopping()) await cleanUp(ctx, isStopping)
  } catch (error) {
    ctx.metrics.workerSweepErrors.inc()
    ctx.logger.error({ event: 'sweep_failed', err: error })
  }
}, config.workerIntervalSeconds * 1000)

const stop = async () => {
  setTimeout(() => process.exit(1), STOP_MS_MAX).unref()
  await loop.stop()
  await server.stop(true)
  ctx.logger.info({ event: 'worker_stopped' })
  await ctx.close()
  process.exit(0)
}
process.once('SIGTERM', () => void stop())
process.once('SIGINT', () => void stop())
