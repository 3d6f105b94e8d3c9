import { t } from 'elysia'
import { Moment, openQuery, PageQuery, Uuid } from '../../http/schemas'

export const FindPeopleQuery = openQuery({
  q: t.String({ minLength: 1, maxLength: 31, errorText: 'must have 1 to 30 characters', examples: ['av'] }),
  ...PageQuery,
})
export const FoundPerson = t.Object(
  { id: Uuid, handle: t.String(), following: t.Boolean() },
  { title: 'FoundPerson' },
)
export const PersonBody = t.Object(
  {
    id: Uuid,
    handle: t.String(),
    created_at: Moment,
    following: t.Boolean(),
  },
  { title: 'PersonProfile' },
)

export type FoundPerson = typeof FoundPerson.static
export type PersonBody = typeof PersonBody.static
