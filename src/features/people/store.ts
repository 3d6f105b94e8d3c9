import { and, asc, eq, gt, like, sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'
import { follows, users } from '../../platform/database/schema'

export type PersonRow = Readonly<{ id: string; handle: string; createdAt: Date; following: boolean }>

export function createPeopleStore(db: Db) {
  const columns = (viewerId: string) => ({
    id: users.id,
    handle: users.handle,
    createdAt: users.createdAt,
    following: sql<boolean>`(select true from ${follows} f where f.follower_id = ${viewerId}::uuid and f.followee_id = ${users.id}) is true`,
  })
  return {
    /** People whose handle starts like this, by handle; the prefix must have no pattern characters but `_`. */
    async findByHandlePrefix(
      viewerId: string,
      prefix: string,
      afterHandle: string | null,
      limit: number,
    ): Promise<PersonRow[]> {
      return db
        .select(columns(viewerId))
        .from(users)
        .where(
          and(
            like(users.handle, `${prefix.replaceAll('_', '\\_')}%`),
            afterHandle === null ? undefined : gt(sql`${users.handle} collate "C"`, afterHandle),
          ),
        )
        .orderBy(asc(sql`${users.handle} collate "C"`))
        .limit(limit)
    },
    async findPerson(viewerId: string, id: string): Promise<PersonRow | null> {
      const rows = await db.select(columns(viewerId)).from(users).where(eq(users.id, id))
      return rows[0] ?? null
    },
  }
}
