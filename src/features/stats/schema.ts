import { t } from 'elysia'
import { EmojiCounts, Moment } from '../../http/schemas'

export const StatsBody = t.Object({
  from: Moment,
  to: Moment,
  posted: t.Integer(),
  views: t.Integer(),
  unique_viewers: t.Integer(),
  reactions: EmojiCounts,
  days: t.Array(
    t.Object({
      date: t.String({ format: 'date' }),
      posted: t.Integer(),
      views: t.Integer(),
      reactions: t.Integer(),
    }),
  ),
})

export type Stats = typeof StatsBody.static
