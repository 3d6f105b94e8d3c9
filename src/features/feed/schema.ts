import { Type } from '@sinclair/typebox'
import { t } from 'elysia'
import { Moment, Person } from '../../http/schemas'

export const TrayItem = t.Object(
  {
    author: Person,
    latest_at: Moment,
    stories: Type.Integer({ description: 'Active stories of theirs that you may see' }),
    unseen: Type.Integer({ description: 'Those of them that you have not viewed' }),
  },
  { title: 'TrayItem' },
)

export type TrayItem = typeof TrayItem.static
