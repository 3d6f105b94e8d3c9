import { ConfigError, parseConfig } from './src/config'
import { createContext } from './src/context'
import { expireStories } from './src/features/expiry/expire-stories'
import { startLoop } from './src/features/expiry/loop'
import { createWorkerStatus } from './src/features/health/worker-status'
import { cleanUp, type DaysDone } from './src/features/housekeeping/clean-up'
import { pathOf } from './src/http/request-url'
import { version } from './src/version'

/** The background process: a sweep and a round of housekeeping every minute, metrics of its own, drain on SIGTERM. */

const STATEMENT_DEADLINE_MS = 30_000
/** How long the round in hand may go on after a stop; what is cut then has two seconds more. */
const CUT_MS = 5000
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
const server = Bun.serve({
  port: config.workerMetricsPort,
  hostname: config.host,
  development: false,
  fetch: (request) => status.respond(pathOf(request.url)),
})
ctx.logger.info({ event: 'worker_started', port: server.port, version })

const daysDone: DaysDone = new Map()
let during: 'sweep' | 'housekeeping' = 'sweep'
let isCut = false
const loop = startLoop(async (isStopping) => {
  try {
    during = 'sweep'
    await expireStories(ctx, isStopping)
    status.noteSuccess()
    during = 'housekeeping'
    if (!isStopping()) await cleanUp(ctx, isStopping, daysDone)
  } catch (error) {
    if (isCut) return
    ctx.metrics.workerSweepErrors.inc()
    ctx.logger.error({ event: 'sweep_failed', err: error })
  }
}, config.workerIntervalSeconds * 1000)

/** A statement that runs or waits for a lock may take longer than a stop: without its connection it fails. */
const cut = () => {
  isCut = true
  ctx.logger.warn({ event: 'round_cut', during })
  void ctx.database.close()
}
let isStopping = false
const stop = async () => {
  if (isStopping) return
  isStopping = true
  setTimeout(() => process.exit(1), STOP_MS_MAX).unref()
  const cutting = setTimeout(cut, CUT_MS)
  await loop.stop()
  clearTimeout(cutting)
  await server.stop(true)
  ctx.logger.info({ event: 'worker_stopped' })
  await ctx.close()
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
