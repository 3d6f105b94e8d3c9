import { newId } from '../../src/kernel/ids'
import type { Tokens } from '../../src/platform/tokens'
import type { Api } from './api'
import type { TestDatabase } from './database'
import { type Person, personOf } from './people'

/** People by plain SQL with tokens of the service, without the price of a password each. */

type Place = Readonly<{ database: TestDatabase; ctx: { tokens: Tokens }; api: Api }>

let made = 0

/** Named people: ava, ben and so on, in the order of the names. */
export async function cast<const Names extends readonly string[]>(
  place: Place,
  ...names: Names
): Promise<{ [I in keyof Names]: Person }> {
  const people = await make(
    place,
    names.map((name) => `${name}_${++made}`),
  )
  return people as { [I in keyof Names]: Person }
}

/** Many people at once. */
export const makeCrowd = (place: Place, count: number): Promise<Person[]> =>
  make(
    place,
    Array.from({ length: count }, () => `one_${++made}`),
  )

async function make({ database, ctx, api }: Place, handles: readonly string[]): Promise<Person[]> {
  const rows = handles.map((handle) => ({
    id: newId(),
    email: `${handle}@people.example.com`,
    handle,
    password_hash: 'none',
  }))
  await database.sql`insert into users ${database.sql(rows)}`
  return rows.map(({ id, email, handle }) =>
    personOf(api, {
      user: { id, email, handle, role: 'user', created_at: '' },
      access_token: ctx.tokens.sign(id),
      token_type: 'Bearer',
      expires_in: ctx.tokens.ttlSeconds,
      refresh_token: '',
    }),
  )
}
