import { t } from 'elysia'
import { Moment, Uuid } from '../../http/schemas'

export const FollowBody = t.Object(
  { follower_id: Uuid, followee_id: Uuid, created_at: Moment },
  { title: 'Follow' },
)
export const FollowedPerson = t.Object(
  { id: Uuid, handle: t.String(), followed_at: Moment },
  { title: 'FollowedPerson' },
)

export type Follow = typeof FollowBody.static
export type FollowedPerson = typeof FollowedPerson.static
