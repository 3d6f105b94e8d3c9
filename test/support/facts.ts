import type { Stats } from '../../src/features/stats/schema'
import { EMOJI, type EmojiCounts } from '../../src/kernel/emoji'
import type { TestDatabase } from './database'
import type { Person } from './people'

/** What the service has stored or counted, as tests ask for it. */

type EventRow = Readonly<{ type: string; data: Record<string, string> }>

/** The author's events in the order in which they are sent. */
export async function eventsOf({ sql }: TestDatabase, authorId: string): Promise<EventRow[]> {
  return sql<
    EventRow[]
  >`select type, data from events where author_id = ${authorId} order by events.xact, seq`
}

export const statsOf = async (person: Person): Promise<Stats> => (await person.get('/me/stats')).as<Stats>()

/** Counts of the six reactions: those given, and 0 for the others. */
export function reactionCounts(given: Partial<EmojiCounts>): EmojiCounts {
  return { ...Object.fromEntries(EMOJI.map((emoji) => [emoji, 0])), ...given } as EmojiCounts
}
