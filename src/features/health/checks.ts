import type { AppContext } from '../../context'
import { monotonicMs } from '../../kernel/clock'

export type CheckResult = Readonly<{ status: 'ok' | 'error'; latency_ms: number }>
export type Health = Readonly<{
  status: 'ok' | 'error'
  checks: Readonly<Record<'database' | 'redis' | 'storage', CheckResult>>
  version: string
}>

type Deps = Pick<AppContext, 'database' | 'redis' | 'objects' | 'activity' | 'version'>

const CHECK_MS_MAX = 1000
const KEPT_MS = 1000

const within = async (
  work: (signal: AbortSignal) => Promise<void>,
): Promise<CheckResult & { cause?: unknown }> => {
  const startedMs = monotonicMs()
  const took = () => Math.round((monotonicMs() - startedMs) * 10) / 10
  const signal = AbortSignal.timeout(CHECK_MS_MAX)
  try {
    await Promise.race([
      work(signal),
      new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('no answer in time'))),
      ),
    ])
    return { status: 'ok', latency_ms: took() }
  } catch (cause) {
    return { status: 'error', latency_ms: took(), cause }
  }
}

/** Asks each dependency, one second at most; what they say is kept for a second, so that asking costs them little. */
export function createHealthCheck(ctx: Deps): () => Promise<Health> {
  let kept: { at: number; health: Promise<Health> } | null = null
  const last: Partial<Record<keyof Health['checks'], CheckResult['status']>> = {}

  const check = async (): Promise<Health> => {
    const [database, redis, storage] = await Promise.all([
      within(() => ctx.database.ping()),
      within(() => ctx.redis.ping()),
      within((signal) => ctx.objects.ping(signal)),
    ])
    const checks = { database, redis, storage }
    for (const name of ['database', 'redis', 'storage'] as const) {
      const { status, cause } = checks[name]
      if (last[name] !== status) ctx.activity.dependencyChanged(name, status === 'ok', cause)
      last[name] = status
    }
    const shown = (result: CheckResult): CheckResult => ({
      status: result.status,
      latency_ms: result.latency_ms,
    })
    return {
      status: Object.values(checks).every((item) => item.status === 'ok') ? 'ok' : 'error',
      checks: { database: shown(database), redis: shown(redis), storage: shown(storage) },
      version: ctx.version,
    }
  }
  return () => {
    const now = monotonicMs()
    if (kept === null || now - kept.at > KEPT_MS) kept = { at: now, health: check() }
    return kept.health
  }
}
