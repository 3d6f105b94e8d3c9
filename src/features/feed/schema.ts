import { t } from 'elysia'
import { Moment, Person } from '../../http/schemas'

export const TrayItem = t.Object({
  author: Person,
  latest_at: Moment,
  stories: t.Integer({ description: 'Active stories of theirs that you may see' }),
  unseen: t.Integer({ description: 'Those of them that you have not viewed' }),
})

export type TrayItem = typeof TrayItem.static
