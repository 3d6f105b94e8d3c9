import type { AppContext } from '../../context'
import { monotonicMs } from '../../kernel/clock'

const CHECKED = ['database', 'replica', 'redis', 'storage'] as const
type Checked = (typeof CHECKED)[number]

export type CheckResult = Readonly<{ status: 'ok' | 'error'; latency_ms: number }>
export type Health = Readonly<{
  status: 'ok' | 'error'
  /** `replica` where one is configured. */
  checks: Readonly<Record<Exclude<Checked, 'replica'>, CheckResult> & { replica?: CheckResult }>
  version: string
}>

type Deps = Pick<AppContext, 'database' | 'replica' | 'redis' | 'objects' | 'activity' | 'version'>

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

export type HealthCheck = () => Promise<Health>

/** Asks each dependency, one second at most; what they say is kept for a second, so that asking costs them little. */
export function createHealthCheck(ctx: Deps): HealthCheck {
  let kept: { at: number; health: Promise<Health> } | null = null
  const last: Partial<Record<keyof Health['checks'], CheckResult['status']>> = {}

  const check = async (): Promise<Health> => {
    const pingReplica = ctx.replica.ping
    const [database, replica, redis, storage] = await Promise.all([
      within(() => ctx.database.ping()),
      pingReplica === null ? undefined : within(pingReplica),
      within(() => ctx.redis.ping()),
      within((signal) => ctx.objects.ping(signal)),
    ])
    const checks = { database, replica, redis, storage }
    for (const name of CHECKED) {
      const result = checks[name]
      if (result === undefined) continue
      const { status, cause } = result
      if (last[name] !== status) ctx.activity.dependencyChanged(name, status === 'ok', cause)
      last[name] = status
    }
    const shown = (result: CheckResult): CheckResult => ({
      status: result.status,
      latency_ms: result.latency_ms,
    })
    return {
      status: Object.values(checks).every((item) => item === undefined || item.status === 'ok')
        ? 'ok'
        : 'error',
      checks: {
        database: shown(database),
        ...(replica === undefined ? {} : { replica: shown(replica) }),
        redis: shown(redis),
        storage: shown(storage),
      },
      version: ctx.version,
    }
  }
  return () => {
    const now = monotonicMs()
    if (kept === null || now - kept.at > KEPT_MS) kept = { at: now, health: check() }
    return kept.health
  }
}
