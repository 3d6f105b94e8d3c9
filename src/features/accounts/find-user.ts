import { createBatcher } from '../../kernel/batcher'
import type { Clock } from '../../kernel/clock'
import type { Role } from '../../kernel/viewer'
import { type AccountStore, ROLES_AT_ONCE_MAX } from './store'

export type FindUser = (userId: string) => User | Promise<User | null>

type User = Readonly<{ role: Role }>

const REMEMBERED_MS = 5000
const REMEMBERED_MAX = 50_000

/**
 * Says whether the user of a token still exists, and with which role. A yes is remembered for five seconds, so that a
 * warm request needs no SQL; a removed account is locked out within that time.
 */
export function createFindUser(store: Pick<AccountStore, 'findRoles'>, clock: Clock): FindUser {
  const remembered = new Map<string, { role: Role; atMs: number }>()
  const look = createBatcher<string, Role | null>({
    sizeMax: ROLES_AT_ONCE_MAX,
    async run(userIds) {
      const roles = await store.findRoles(userIds)
      return userIds.map((userId) => roles.get(userId) ?? null)
    },
  })
  const lookAndRemember = async (userId: string, nowMs: number): Promise<User | null> => {
    const role = await look(userId)
    remembered.delete(userId)
    if (role === null) return null
    const oldest = remembered.size >= REMEMBERED_MAX ? remembered.keys().next().value : undefined
    if (oldest !== undefined) remembered.delete(oldest)
    const found = { role, atMs: nowMs }
    remembered.set(userId, found)
    return found
  }
  return (userId) => {
    const nowMs = clock.nowMs()
    const known = remembered.get(userId)
    const isFresh = known !== undefined && nowMs - known.atMs < REMEMBERED_MS && nowMs >= known.atMs
    return isFresh ? known : lookAndRemember(userId, nowMs)
  }
}
