import { createBatcher } from '../../kernel/batcher'
import type { Clock } from '../../kernel/clock'
import type { Role } from '../../kernel/viewer'
import { type AccountStore, ROLES_AT_ONCE_MAX } from './store'

export type FindUser = (userId: string) => User | Promise<User | null>

type User = Readonly<{ role: Role }>
type Remembered = { role: Role; atMs: number; isRenewed: boolean }

const REMEMBERED_MS = 5000
/** From then on a user who is still active is looked up again, while what is remembered still answers. */
const REFRESHED_MS = 2500
/** Nobody waits for those, so many go together. */
const REFRESH_EVERY_MS = 25
const REMEMBERED_MAX = 50_000

/**
 * Says whether the user of a token still exists, and with which role. A yes is remembered for five seconds, and renewed
 * meanwhile for who goes on asking, so that an active user's request needs no SQL and waits for none; a removed account is
 * locked out within that time.
 */
export function createFindUser(store: Pick<AccountStore, 'findRoles'>, clock: Clock): FindUser {
  const remembered = new Map<string, Remembered>()
  const run = async (userIds: readonly string[]) => {
    const roles = await store.findRoles(userIds)
    return userIds.map((userId) => roles.get(userId) ?? null)
  }
  const look = createBatcher<string, Role | null>({ sizeMax: ROLES_AT_ONCE_MAX, run })
  const lookAgain = createBatcher<string, Role | null>({
    sizeMax: ROLES_AT_ONCE_MAX,
    everyMs: REFRESH_EVERY_MS,
    run,
  })
  const remember = (userId: string, role: Role | null, nowMs: number): User | null => {
    remembered.delete(userId)
    if (role === null) return null
    const oldest = remembered.size >= REMEMBERED_MAX ? remembered.keys().next().value : undefined
    if (oldest !== undefined) remembered.delete(oldest)
    const found = { role, atMs: nowMs, isRenewed: false }
    remembered.set(userId, found)
    return found
  }
  /** What cannot be renewed is asked for again when it has run out. */
  const renew = (userId: string, known: Remembered, nowMs: number) => {
    known.isRenewed = true
    lookAgain(userId).then(
      (role) => {
        // Unless it was asked for meanwhile, after that.
        if (remembered.get(userId) === known) remember(userId, role, nowMs)
      },
      () => undefined,
    )
  }
  return (userId) => {
    const nowMs = clock.nowMs()
    const known = remembered.get(userId)
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : nowMs - known.atMs
    if (known === undefined || ageMs >= REMEMBERED_MS || ageMs < 0)
      return look(userId).then((role) => remember(userId, role, nowMs))
    if (ageMs >= REFRESHED_MS && !known.isRenewed) renew(userId, known, nowMs)
    return known
  }
}
