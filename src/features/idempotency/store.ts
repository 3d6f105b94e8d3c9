import { and, eq, gt, sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'
import { idempotencyKeys } from '../../platform/database/schema'

export type StoredAnswer = Readonly<{
  fingerprint: string
  status: number
  location: string | null
  body: string
}>

export function createIdempotencyStore(db: Db) {
  return {
    async findAnswer(userId: string, key: string, keptSince: Date): Promise<StoredAnswer | null> {
      const rows = await db
        .select({
          fingerprint: idempotencyKeys.fingerprint,
          status: idempotencyKeys.status,
          location: idempotencyKeys.location,
          body: idempotencyKeys.body,
        })
        .from(idempotencyKeys)
        .where(
          and(
            eq(idempotencyKeys.userId, userId),
            eq(idempotencyKeys.key, key),
            gt(idempotencyKeys.createdAt, keptSince),
          ),
        )
      return rows[0] ?? null
    },
    /** False while another transaction holds the key; its end frees the lock, also when its process was killed. */
    async tryLock(userId: string, key: string): Promise<boolean> {
      const rows = await db.execute<{ locked: boolean }>(sql`
        select pg_try_advisory_xact_lock(hashtextextended(${`${userId}:${key}`}::text, 0)) as locked`)
      return rows[0]?.locked === true
    },
    /** Keeps an answer; one that is past its time is replaced. */
    async saveAnswer(userId: string, key: string, answer: StoredAnswer, createdAt: Date): Promise<void> {
      const row = { userId, key, ...answer, createdAt }
      await db
        .insert(idempotencyKeys)
        .values(row)
        .onConflictDoUpdate({ target: [idempotencyKeys.userId, idempotencyKeys.key], set: row })
    },
  }
}

export type IdempotencyStore = ReturnType<typeof createIdempotencyStore>
