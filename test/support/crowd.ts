import { newId } from '../../src/kernel/ids'
import type { Tokens } from '../../src/platform/tokens'
import type { Api } from './api'
import type { TestDatabase } from './database'
import { type Person, personOf } from './people'

/** Many people at once: rows by plain SQL and tokens of the service, without the price of a password each. */
export async function makeCrowd(
  { database, ctx, api }: { database: TestDatabase; ctx: { tokens: Tokens }; api: Api },
  count: number,
): Promise<Person[]> {
  const ids = Array.from({ length: count }, newId)
  await database.sql`
    insert into users (id, email, password_hash)
    select id, id || '@example.com', 'none' from unnest(${ids}::uuid[]) as id`
  return Promise.all(
    ids.map(async (id) =>
      personOf(api, {
        user: { id, email: `${id}@example.com`, handle: id, role: 'user', created_at: '' },
        access_token: await ctx.tokens.sign(id),
        token_type: 'Bearer',
        expires_in: ctx.tokens.ttlSeconds,
        refresh_token: '',
      }),
    ),
  )
}
