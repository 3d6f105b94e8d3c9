import type { AppContext } from '../../context'
import { startOfUtcDay } from '../../kernel/clock'
import { EMOJI, emojiCounts } from '../../kernel/emoji'
import type { Viewer } from '../../kernel/viewer'
import type { Stats } from './schema'
import type { DayRow } from './store'

type Deps = Pick<AppContext, 'clock' | 'replica'>

const DAYS = 7
const DAY_MS = 86_400_000

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)

/** What became of the viewer's stories today and on the six days before, in UTC. */
export async function getStats(ctx: Deps, viewer: Viewer): Promise<Stats> {
  const to = ctx.clock.now()
  const from = startOfUtcDay(to, DAYS - 1)
  const fromDay = from.toISOString().slice(0, 10)
  return summarize(await ctx.replica.read(({ stats }) => stats.sumDays(viewer.id, fromDay)), from, to)
}

/** A viewer counts on the day of their latest view, so the days' counts add up to different people. */
export function summarize(rows: readonly DayRow[], from: Date, to: Date): Stats {
  const byDay = new Map(rows.map((row) => [row.day, row]))
  const days = Array.from({ length: DAYS }, (_, i) => {
    const date = new Date(from.getTime() + i * DAY_MS).toISOString().slice(0, 10)
    const row = byDay.get(date)
    return { date, posted: row?.posted ?? 0, views: row?.views ?? 0, reactions: sum(row?.reactions ?? []) }
  })
  const inRange = days.flatMap((day) => byDay.get(day.date) ?? [])
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    posted: sum(days.map((day) => day.posted)),
    views: sum(days.map((day) => day.views)),
    unique_viewers: sum(inRange.map((row) => row.lastViewers)),
    reactions: emojiCounts(EMOJI.map((_, i) => sum(inRange.map((row) => row.reactions[i] ?? 0)))),
    days,
  }
}
