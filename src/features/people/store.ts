import { and, asc, eq, gt, gte, lt, sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'
import { follows, users } from '../../platform/database/schema'

export type PersonRow = Readonly<{ id: string; handle: string; createdAt: Date; following: boolean }>

/** The character after `z`, and so behind all that a handle may have. */
const BEHIND_ALL = '{'

export function createPeopleStore(db: Db) {
  const columns = (viewerId: string) => ({
    id: users.id,
    handle: users.handle,
    createdAt: users.createdAt,
    following: sql<boolean>`(select true from ${follows} f where f.follower_id = ${viewerId}::uuid and f.followee_id = ${users.id}) is true`,
  })
  return {
    /** People whose handle starts like this, by handle: as many rows of the index in its order as are shown. */
    async findByHandlePrefix(
      viewerId: string,
      prefix: string,
      afterHandle: string | null,
      limit: number,
    ): Promise<PersonRow[]> {
      const handle = sql`${users.handle} collate "C"`
      return db
        .select(columns(viewerId))
        .from(users)
        .where(
          and(
            gte(handle, prefix),
            lt(handle, prefix + BEHIND_ALL),
            afterHandle === null ? undefined : gt(handle, afterHandle),
          ),
        )
        .orderBy(asc(handle))
        .limit(limit)
    },
    async findPerson(viewerId: string, id: string): Promise<PersonRow | null> {
      const rows = await db.select(columns(viewerId)).from(users).where(eq(users.id, id))
      return rows[0] ?? null
    },
  }
}
