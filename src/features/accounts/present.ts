import type { Session, User } from './schema'
import type { UserRow } from './store'

/** A user as shown to its owner only: nobody else ever gets the email. */
export const presentUser = (row: UserRow): User => ({
  id: row.id,
  email: row.email,
  handle: row.handle,
  role: row.role,
  created_at: row.createdAt.toISOString(),
})

export const presentSession = (
  row: UserRow,
  accessToken: string,
  refreshToken: string,
  ttlSeconds: number,
): Session => ({
  user: presentUser(row),
  access_token: accessToken,
  token_type: 'Bearer',
  expires_in: ttlSeconds,
  refresh_token: refreshToken,
})
