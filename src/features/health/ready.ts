import type { AppContext } from '../../context'
import { migrationCount } from '../../platform/database/migrate'

type Deps = Pick<AppContext, 'stores'>

const READY_MS_MAX = 1000
let expected: number | undefined

/** True when the database answers within a second and has every migration of this code (or later ones). */
export async function isReady(ctx: Deps): Promise<boolean> {
  expected ??= migrationCount()
  const late = new Promise<number>((resolve) => setTimeout(() => resolve(0), READY_MS_MAX).unref())
  try {
    return (await Promise.race([ctx.stores.health.countMigrations(), late])) >= expected
  } catch {
    return false
  }
}
