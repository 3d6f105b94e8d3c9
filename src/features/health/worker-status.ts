import type { AppContext } from '../../context'

type Deps = Pick<AppContext, 'clock' | 'config' | 'metrics' | 'version'>

/** The worker's own `/metrics` and `/healthz`, on a port that only operators reach. */
export type WorkerStatus = Readonly<{
  /** Answers a request for this path. */
  respond(path: string): Promise<Response>
  noteSuccess(): void
}>

/** A worker that missed this many intervals is not well. */
const INTERVALS_MISSED_MAX = 3
const GRACE_SECONDS = 30

export function createWorkerStatus(ctx: Deps): WorkerStatus {
  const startedAt = ctx.clock.now()
  let lastSuccessAt: Date | null = null
  const isWell = (): boolean => {
    const sinceSeconds = (ctx.clock.nowMs() - (lastSuccessAt ?? startedAt).getTime()) / 1000
    return sinceSeconds < ctx.config.workerIntervalSeconds * INTERVALS_MISSED_MAX + GRACE_SECONDS
  }
  return {
    async respond(path) {
      switch (path) {
        case '/metrics':
          return new Response(await ctx.metrics.registry.metrics(), {
            headers: { 'Content-Type': ctx.metrics.registry.contentType },
          })
        case '/healthz':
          return Response.json(
            {
              status: isWell() ? 'ok' : 'error',
              last_success: lastSuccessAt?.toISOString() ?? null,
              version: ctx.version,
            },
            { status: isWell() ? 200 : 503 },
          )
        default:
          return Response.json({ status: 404 }, { status: 404 })
      }
    },
    noteSuccess() {
      lastSuccessAt = ctx.clock.now()
      ctx.metrics.workerLastSuccess.set(lastSuccessAt.getTime() / 1000)
    },
  }
}
