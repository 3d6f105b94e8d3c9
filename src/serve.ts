import type { Server } from 'bun'
import { buildApp } from './app'
import { type Link, openLink } from './cluster/link'
import type { Config } from './config'
import { createContext } from './context'
import { isReady } from './features/health/ready'
import type { Connection } from './http/request-info'
import { pathOf } from './http/request-url'
import { loadWebClient } from './http/web-client'
import { monotonicMs } from './kernel/clock'
import { version } from './version'

/** A process that serves the API: context, app, listen; on SIGTERM it answers what it accepted and ends. */

const MOVE_OUT_MS_MAX = 4000
const QUIET_MS = 400
const HELD_QUIET_MS = 150
const HELD_MS_MAX = 1000
const DRAIN_MS_MAX = 4000
const WARM_UP_AFTER_MS = 1000
/** Each comment of a stream begins it anew. Without an end a connection whose stream is over would be kept for ever. */
const SILENCE_SECONDS_MAX = 60

/** Listens; resolves when requests are taken. The process ends by a signal, never by itself. */
export async function serve(config: Config): Promise<void> {
  const link = openLink()
  const ctx = createContext(config, {
    service: 'api',
    version,
    bufferedLog: true,
    processMetrics: true,
    ...(link === null ? {} : shareWith(link)),
  })
  link?.answerWith(() => {
    // Who answers the scrape looks at the dependencies first; what others say of them is as of the scrape before.
    void ctx.checkHealth()
    return ctx.metrics.report()
  })
  // The first connection to the database comes up while the routes are built.
  void isReady(ctx)
  const app = buildApp(ctx, [await loadWebClient()])

  const server = Bun.serve({
    port: config.port,
    hostname: config.host,
    reusePort: link !== null,
    idleTimeout: 30,
    // Bodies are bounded by our own reader, which can answer with a problem document.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request, self) => app.handle(request, new ServedConnection(self, request)),
    // Otherwise a stream that is cut off prints its stack beside the JSON lines.
    development: false,
    error: () => new Response('Internal error', { status: 500 }),
  })
  /** Scrapers on a private network get the metrics on a port of their own, without the token that guards the public one. */
  const metricsServer =
    config.metricsPort === 0
      ? null
      : Bun.serve({
          port: config.metricsPort,
          hostname: config.host,
          reusePort: link !== null,
          development: false,
          fetch: (request) => {
            if (pathOf(request.url) !== '/metrics') return new Response(null, { status: 404 })
            const headers = { Authorization: `Bearer ${config.metricsToken ?? ''}` }
            const connection = { address: '127.0.0.1', keepOpen: () => undefined }
            return app.handle(new Request('http://localhost/metrics', { headers }), connection)
          },
        })
  ctx.logger.info({ event: 'server_started', port: server.port, version })
  link?.tellListening()
  // What only media needs is loaded when the start is over, and not by the first who asks.
  setTimeout(() => {
    ctx.objects.ping(AbortSignal.timeout(WARM_UP_AFTER_MS)).catch(() => undefined)
  }, WARM_UP_AFTER_MS).unref()

  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) return
    stopping = true
    const forced = setTimeout(() => process.exit(1), MOVE_OUT_MS_MAX + DRAIN_MS_MAX + 1500)
    forced.unref()
    ctx.logger.info({ event: 'server_stopping', signal })
    const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    // Closing the port cuts what has arrived and is not read yet, so first everybody is asked to go elsewhere, and the
    // port is closed in a quiet moment.
    app.drain()
    const stoppedMs = monotonicMs()
    do await rest(20)
    while (
      monotonicMs() - stoppedMs < QUIET_MS ||
      (app.quietMs() < QUIET_MS && monotonicMs() - stoppedMs < MOVE_OUT_MS_MAX)
    )
    // Who never rests has nothing to send while waiting for an answer: that silence is the moment to close.
    const release = app.hold()
    const heldMs = monotonicMs()
    while (app.quietMs() < HELD_QUIET_MS && monotonicMs() - heldMs < HELD_MS_MAX) await rest(10)
    // Streams last: whoever they leave comes back by itself, and finds the port closed here. A read that is under way may
    // take as long as a database that hangs, so it is waited for at the very end.
    void ctx.hub.close()
    const drained = server.stop(false)
    release()
    await Promise.race([drained, rest(DRAIN_MS_MAX)])
    while (app.inFlight() > 0) await rest(10)
    await Promise.all([server.stop(true), metricsServer?.stop(true)])
    ctx.logger.info({ event: 'server_stopped' })
    await ctx.close()
    process.exit(signal === 'uncaughtException' ? 1 : 0)
  }
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  link?.onLost(() => void stop('supervisor_lost'))
  // A driver may fail outside of every request; that is written down, and no reason to drop those that are running.
  process.on('unhandledRejection', (error) => ctx.logger.error({ event: 'internal_error', err: error }))
  process.on('uncaughtException', (error) => {
    ctx.logger.error({ event: 'internal_error', err: error })
    void stop('uncaughtException')
  })
}

class ServedConnection implements Connection {
  constructor(
    private readonly server: Server<undefined>,
    private readonly request: Request,
  ) {}
  get address() {
    return this.server.requestIP(this.request)?.address ?? ''
  }
  keepOpen() {
    this.server.timeout(this.request, SILENCE_SECONDS_MAX)
  }
}

/** Several processes serve one port: each line says whose it is, and metrics are those of all. */
const shareWith = (link: Link) => ({ sharedOutput: true, otherReports: link.reportsOfOthers })
