import { describe, expect, test } from 'bun:test'
import type postgres from 'postgres'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import type { Person } from '../support/people'
import { untilBlocked, withSession } from '../support/session'
import { until } from '../support/until'

/** Rows that are derived from views and reactions have no foreign keys of their own, and go with what they say all the same. */

const stage = useStage()

/** How many rows of each derived table name one of these stories or people. */
async function derivedOf(ids: readonly string[]): Promise<Record<string, number>> {
  const names = `{${ids.join(',')}}`
  const [row] = await stage.database().sql<Record<string, number>[]>`
    select
      (select count(*)::int from story_counters where story_id = any(${names}::text::uuid[])) as story_counters,
      (select count(*)::int from author_days where author_id = any(${names}::text::uuid[])) as author_days,
      (select count(*)::int from author_viewers
        where author_id = any(${names}::text::uuid[]) or viewer_id = any(${names}::text::uuid[])) as author_viewers,
      (select count(*)::int from events where author_id = any(${names}::text::uuid[])) as events`
  return row ?? {}
}

const NOTHING = { story_counters: 0, author_days: 0, author_viewers: 0, events: 0 }

async function viewAndReact(person: Person, storyId: string): Promise<void> {
  ;(await person.post(`/stories/${storyId}/view`)).as(200)
  ;(await person.post(`/stories/${storyId}/reactions`, { emoji: '🔥' })).as(201)
}

test.each([
  ['a view', 'view', undefined],
  ['a reaction', 'reactions', { emoji: '🔥' }],
])('404 for %s of a story that is removed by hand meanwhile', async (_, path, body) => {
  const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
  const story = await ava.tell({})
  const { asked } = await stage.database().sql.begin(async (remover) => {
    await remover`delete from stories where id = ${story.id}`
    const asked = ben.post(`/stories/${story.id}/${path}`, body)
    await until('it to wait for the removal', async () => {
      await remover`select pg_stat_clear_snapshot()`
      const waiting = await remover`
        select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      return waiting.length > 0
    })
    return { asked }
  })
  expect((await asked).code).toBe('not_found')
})

describe('nothing is left', () => {
  test('of an author who was removed', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const story = await ava.tell({})
    await viewAndReact(ben, story.id)
    expect(Object.values(await derivedOf([ava.id, story.id]))).not.toContain(0)
    await stage.database().sql`delete from users where id = ${ava.id}`
    expect(await derivedOf([ava.id, story.id])).toEqual(NOTHING)
  })

  test('of a viewer who was removed but what is counted of the author', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const story = await ava.tell({})
    await viewAndReact(ben, story.id)
    const { events } = await derivedOf([ava.id])
    await stage.database().sql`delete from users where id = ${ben.id}`
    expect(await derivedOf([ben.id])).toEqual(NOTHING)
    expect((await derivedOf([ava.id])).events).toBe(events ?? -1)
  })

  test('of a story that was removed but its day and its events', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const [gone, stays] = [await ava.tell({}), await ava.tell({})]
    await viewAndReact(ben, gone.id)
    await viewAndReact(ben, stays.id)
    const kept = await derivedOf([ava.id, stays.id])
    await stage.database().sql`delete from stories where id = ${gone.id}`
    expect(await derivedOf([gone.id])).toEqual(NOTHING)
    expect(await derivedOf([ava.id, stays.id])).toEqual(kept)
  })

  type Ids = Readonly<{ story: string; author: string; viewer: string }>
  const removals = [
    {
      what: 'the story',
      remove: (sql: postgres.Sql, { story }: Ids) => sql`delete from stories where id = ${story}`,
      idsGone: ({ story }: Ids) => [story],
    },
    {
      what: 'its author',
      remove: (sql: postgres.Sql, { author }: Ids) => sql`delete from users where id = ${author}`,
      idsGone: ({ story, author }: Ids) => [story, author],
    },
  ]
  const writes = [
    {
      meanwhile: 'a view is being written',
      write: (sql: postgres.TransactionSql, { story, viewer }: Ids) =>
        sql`insert into story_views (story_id, viewer_id, viewed_at) values (${story}, ${viewer}, now())`,
    },
    {
      meanwhile: 'a reaction is being written',
      write: (sql: postgres.TransactionSql, { story, viewer }: Ids) =>
        sql`insert into reactions (id, story_id, user_id, emoji, created_at)
          values (gen_random_uuid(), ${story}, ${viewer}, '🔥', now())`,
    },
    {
      meanwhile: 'a reaction is being taken back',
      write: (sql: postgres.TransactionSql, { story }: Ids) =>
        sql`delete from reactions where story_id = ${story}`,
    },
  ]
  const cases = removals.flatMap((removal) => writes.map((write) => ({ ...removal, ...write })))
  test.each(cases)('when $what is removed while $meanwhile', async (each) => {
    const [ava, ben, cleo] = await cast(stage.instance(), 'ava', 'ben', 'cleo')
    const story = await ava.tell({})
    await viewAndReact(cleo, story.id)
    const ids = { story: story.id, author: ava.id, viewer: ben.id }
    const { sql, url } = stage.database()
    await withSession(url, async (remover) => {
      const { removing } = await sql.begin(async (writer) => {
        await each.write(writer, ids)
        const removing = each.remove(remover.sql, ids).execute()
        await untilBlocked(writer, remover)
        return { removing }
      })
      await removing
    })
    expect(await derivedOf(each.idsGone(ids))).toEqual(NOTHING)
  })
})

test('a viewer who becomes known while a later view waits is counted on the later day', async () => {
  const [ava, ben, cleo] = await cast(stage.instance(), 'ava', 'ben', 'cleo')
  const [first, second] = [await ava.tell({}), await ava.tell({})]
  const { sql, url } = stage.database()
  await withSession(url, async (later) => {
    const { viewing } = await sql.begin(async (earlier) => {
      await earlier`insert into story_views (story_id, viewer_id, viewed_at)
        values (${first.id}, ${ben.id}, '2026-03-09T23:59:59Z')`
      const viewing = later.sql`insert into story_views (story_id, viewer_id, viewed_at)
        values (${second.id}, ${ben.id}, '2026-03-10T00:00:01Z'),
          (${second.id}, ${cleo.id}, '2026-03-10T00:00:01Z')`.execute()
      await untilBlocked(earlier, later)
      return { viewing }
    })
    await viewing
  })
  const days = await sql`
    select day::text, sum(views)::int as views, sum(last_viewers)::int as viewers from author_days
    where author_id = ${ava.id} and day < '2026-03-11' group by day order by day`
  expect([...days]).toEqual([
    { day: '2026-03-09', views: 1, viewers: 0 },
    { day: '2026-03-10', views: 2, viewers: 2 },
  ])
})
