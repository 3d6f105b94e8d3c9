import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Db } from '../../platform/database/client'
import { brokenConstraint } from '../../platform/database/failures'
import { refreshTokens, users } from '../../platform/database/schema'
import { createListStatement, createStatement } from '../../platform/database/statement'

const USER_COLUMNS = {
  id: users.id,
  email: users.email,
  handle: users.handle,
  role: users.role,
  createdAt: users.createdAt,
  passwordHash: users.passwordHash,
}

export type UserRow = Readonly<{
  id: string
  email: string
  handle: string
  role: 'user' | 'admin'
  createdAt: Date
  passwordHash: string
}>

export type RefreshTokenRow = typeof refreshTokens.$inferSelect

const FIND_USER = createStatement(
  ['id'],
  ({ id }) => sql`
    select id, email, handle, role, created_at as "createdAt", password_hash as "passwordHash"
    from users where id = ${id}::uuid`,
)

export const ROLES_AT_ONCE_MAX = 64

const FIND_ROLES = createListStatement(
  { id: 'uuid' },
  ROLES_AT_ONCE_MAX,
  (asked) => sql`
    with asked as ${asked}
    select u.id, u.role from asked join users u using (id)`,
)

export function createAccountStore(db: Db) {
  const firstUser = (rows: UserRow[]): UserRow | null => rows[0] ?? null
  return {
    /** The new user, or which of its unique values somebody else has. */
    async insertUser(row: Omit<UserRow, 'role'>): Promise<UserRow | 'email_taken' | 'handle_taken'> {
      try {
        // The savepoint keeps the surrounding transaction usable when a unique value is taken.
        const [inserted] = await db.transaction((tx) => tx.insert(users).values(row).returning(USER_COLUMNS))
        if (inserted === undefined) throw new Error('An insert returned no row')
        return inserted
      } catch (error) {
        const constraint = brokenConstraint(error)
        if (constraint === 'users_email_unique') return 'email_taken'
        if (constraint === 'users_handle_unique') return 'handle_taken'
        throw error
      }
    },
    async findUserByEmail(email: string): Promise<UserRow | null> {
      return firstUser(await db.select(USER_COLUMNS).from(users).where(eq(users.email, email)))
    },
    async findUserById(id: string): Promise<UserRow | null> {
      const [row] = await FIND_USER<Omit<UserRow, 'createdAt'> & { createdAt: string }>(db, { id })
      return row === undefined ? null : { ...row, createdAt: new Date(row.createdAt) }
    },
    /**
     * The roles of those of these users who exist.
     *
     * @param ids ROLES_AT_ONCE_MAX at most
     */
    async findRoles(ids: readonly string[]): Promise<ReadonlyMap<string, UserRow['role']>> {
      const rows = await FIND_ROLES<Pick<UserRow, 'id' | 'role'>>(
        db,
        ids.map((id) => ({ id })),
      )
      return new Map(rows.map(({ id, role }) => [id, role]))
    },
    async grantAdmin(email: string): Promise<boolean> {
      const rows = await db
        .update(users)
        .set({ role: 'admin' })
        .where(eq(users.email, email))
        .returning({ id: users.id })
      return rows.length > 0
    },
    async insertRefreshToken(row: {
      tokenHash: string
      familyId: string
      userId: string
      createdAt: Date
      expiresAt: Date
    }): Promise<void> {
      await db.insert(refreshTokens).values(row)
    },
    /** The token's row, locked, so that of two uses at once one comes second. */
    async lockRefreshToken(tokenHash: string): Promise<RefreshTokenRow | null> {
      const rows = await db
        .select()
        .from(refreshTokens)
        .where(eq(refreshTokens.tokenHash, tokenHash))
        .for('update')
      return rows[0] ?? null
    },
    async spendRefreshToken(tokenHash: string, at: Date): Promise<void> {
      await db.update(refreshTokens).set({ spentAt: at }).where(eq(refreshTokens.tokenHash, tokenHash))
    },
    /** Refreshing and ending a family come one after the other, so that an end also ends what is being issued. */
    async lockFamily(familyId: string): Promise<void> {
      await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${familyId}::text, 1))`)
    },
    /** Ends what came from one login: its one token that is not spent, however many are. False when it has ended before. */
    async revokeFamily(familyId: string, at: Date): Promise<boolean> {
      const rows = await db
        .update(refreshTokens)
        .set({ revokedAt: at })
        .where(
          and(
            eq(refreshTokens.familyId, familyId),
            isNull(refreshTokens.spentAt),
            isNull(refreshTokens.revokedAt),
          ),
        )
        .returning({ familyId: refreshTokens.familyId })
      return rows.length > 0
    },
    async findFamily(tokenHash: string): Promise<{ familyId: string; userId: string } | null> {
      const rows = await db
        .select({ familyId: refreshTokens.familyId, userId: refreshTokens.userId })
        .from(refreshTokens)
        .where(eq(refreshTokens.tokenHash, tokenHash))
      return rows[0] ?? null
    },
  }
}

export type AccountStore = ReturnType<typeof createAccountStore>
