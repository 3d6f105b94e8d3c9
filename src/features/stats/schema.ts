import { t } from 'elysia'
import { Count, EmojiCounts, Moment } from '../../http/schemas'

export const StatsBody = t.Object(
  {
    from: Moment,
    to: Moment,
    posted: Count,
    views: Count,
    unique_viewers: Count,
    reactions: EmojiCounts,
    days: t.Array(
      t.Object({
        date: t.String({ format: 'date' }),
        posted: Count,
        views: Count,
        reactions: Count,
      }),
    ),
  },
  { title: 'Stats' },
)

export type Stats = typeof StatsBody.static
