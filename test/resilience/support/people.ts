/** People for load: rows made at once, with tokens of the service's own making. */

import type postgres from 'postgres'
import { systemClock } from '../../../src/kernel/clock.ts'
import { newId } from '../../../src/kernel/ids.ts'
import { createTokens } from '../../../src/platform/tokens.ts'
import { JWT_SECRET } from './service.ts'

export type Person = Readonly<{ id: string; token: string }>

/** @param ttlSeconds how long their access tokens live */
export async function makePeople(sql: postgres.Sql, count: number, ttlSeconds = 7200): Promise<Person[]> {
  const tokens = createTokens({ secret: JWT_SECRET, secretPrevious: null, ttlSeconds, clock: systemClock })
  const ids = Array.from({ length: count }, () => newId())
  const rows = ids.map((id) => {
    const handle = `p${id.replaceAll('-', '').slice(-24)}`
    return { id, email: `${handle}@example.com`, handle, password_hash: 'no password opens this' }
  })
  await sql`insert into users ${sql(rows, 'id', 'email', 'handle', 'password_hash')}`
  return ids.map((id) => ({ id, token: tokens.sign(id) }))
}
