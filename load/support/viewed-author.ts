import type postgres from 'postgres'
import type { TimeKey } from '../../src/kernel/cursor'
import type { Bench } from './bench'
import { PEOPLE } from './world'

/** An author of the bench whose stories were seen by many, and what is asked about them. */
export type BusyAuthor = Readonly<{
  id: string
  /** A story that is still there. */
  storyId: string
  /** In the middle of that story's list of viewers. */
  halfWay: TimeKey
  /** The first day of the statistics, as YYYY-MM-DD. */
  fromDay: string
}>

const STORIES = 10
const PIECE = 50_000

/**
 * Somebody new with ten stories over six days, each seen by as many people, one in ten of whom reacted. The counters are the triggers' own.
 *
 * @param views how many views in all; at most ten times as many as there are people
 */
export async function addAuthor(
  bench: Bench,
  sql: postgres.Sql,
  handle: string,
  views: number,
): Promise<BusyAuthor> {
  bench.log(`${views} views on ${STORIES} stories`)
  const [author] = await sql<{ id: string }[]>`
    insert into users (id, email, password_hash, handle)
    values (gen_random_uuid(), ${`${handle}@example.com`}, '-', ${handle}) returning id`
  const authorId = author?.id ?? ''
  const viewers = views / STORIES
  // The first is the newest; a view a moment after another, over the story's first hours.
  const stories = await sql<{ id: string }[]>`
    insert into stories (id, author_id, text, visibility, created_at, expires_at)
    select gen_random_uuid(), ${authorId}::uuid, 'a story of the week', 'public', at, at + interval '24 hours'
    from (select n, date_trunc('milliseconds', now() - interval '4 hours' - n * interval '14 hours') as at
      from generate_series(0, ${STORIES - 1}::int) n) made order by at desc returning id`
  for (const { id } of stories) {
    const rows = (from: number, to: number, every: number) => `
      from generate_series(${from}, ${to}) n join stories s on s.id = '${id}' where n % ${every} = 0`
    for (let from = 0; from < viewers; from += PIECE)
      await sql.unsafe(`insert into story_views (story_id, viewer_id, viewed_at)
        select s.id, md5('person ' || (${PEOPLE} - n))::uuid,
          s.created_at + date_trunc('milliseconds', n * interval '4 hours' / ${viewers})
        ${rows(from, Math.min(viewers, from + PIECE) - 1, 1)}`)
    // In small pieces: each row changes the same counters, and versions of one transaction are walked again and again.
    for (let from = 0; from < viewers; from += 5000)
      await sql.unsafe(`insert into reactions (story_id, user_id, emoji, created_at)
        select s.id, md5('person ' || (${PEOPLE} - n))::uuid, '🔥', s.created_at
        ${rows(from, Math.min(viewers, from + 5000) - 1, 10)}`)
  }
  for (const table of [
    'stories',
    'story_views',
    'reactions',
    'story_counters',
    'author_days',
    'author_viewers',
  ])
    await sql.unsafe(`vacuum analyze ${table}`)
  const storyId = stories[0]?.id ?? ''
  const [middle] = await sql<{ viewed_at: Date; viewer_id: string }[]>`
    select viewed_at, viewer_id from story_views where story_id = ${storyId}
    order by viewed_at desc, viewer_id desc offset ${Math.floor(viewers / 2)} limit 1`
  const [day] = await sql<{ day: string }[]>`select ((now() at time zone 'UTC')::date - 6)::text as day`
  if (middle === undefined || day === undefined) throw new Error('nobody saw the story')
  return { id: authorId, storyId, halfWay: { at: middle.viewed_at, id: middle.viewer_id }, fromDay: day.day }
}
