import { Type } from '@sinclair/typebox'
import { t } from 'elysia'
import { closed, Moment, Uuid } from '../../http/schemas'

export const SignUpBody = closed({
  email: t.String({ examples: ['ava@example.com'] }),
  password: t.String({ examples: ['correct horse battery'] }),
  handle: t.Optional(t.String({ examples: ['ava'] })),
})

export const LogInBody = closed({
  email: t.String({ examples: ['ava@example.com'] }),
  password: t.String({ examples: ['correct horse battery'] }),
})

export const RefreshBody = closed({
  refresh_token: t.String({
    minLength: 1,
    maxLength: 512,
    errorText: 'must have 1 to 512 characters',
    examples: ['q3Zk0mJ8b1'],
  }),
})

export const UserBody = t.Object(
  {
    id: Uuid,
    email: t.String(),
    handle: t.String(),
    role: t.Union([t.Literal('user'), t.Literal('admin')]),
    created_at: Moment,
  },
  { title: 'User' },
)

export const SessionBody = t.Object(
  {
    user: UserBody,
    access_token: t.String(),
    token_type: t.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds until the access token expires' }),
    refresh_token: t.String(),
  },
  { title: 'Session' },
)

export type User = typeof UserBody.static
export type Session = typeof SessionBody.static
