import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type postgres from 'postgres'
import { cleanUp } from '../../src/features/housekeeping/clean-up'
import type { Story } from '../../src/features/stories/schema'
import { EMOJI } from '../../src/kernel/emoji'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { reactionCounts, statsOf } from '../support/facts'
import type { Person } from '../support/people'
import { type Session, untilBlocked, withSession } from '../support/session'
import { createSteeredClock, DAY, HOUR, MINUTE } from '../support/steered-clock'

/** Counters and stats are what counting the rows would say, after any history and for every writer. */

const stage = useStage()

type Row = Record<string, number>

/** What counting says of a story; an author's own do not count. */
async function counted(storyId: string): Promise<{ views: number; reactions: Row }> {
  const { sql } = stage.database()
  const [views] = await sql<{ n: number }[]>`
    select count(*)::int as n from story_views v join stories s on s.id = v.story_id
    where s.id = ${storyId} and v.viewer_id <> s.author_id`
  const rows = await sql<{ emoji: string; n: number }[]>`
    select r.emoji, count(*)::int as n from reactions r join stories s on s.id = r.story_id
    where s.id = ${storyId} and r.user_id <> s.author_id group by r.emoji`
  return {
    views: views?.n ?? 0,
    reactions: reactionCounts(Object.fromEntries(rows.map(({ emoji, n }) => [emoji, n]))),
  }
}

describe('counters', () => {
  test('equal the rows after any history of views and reactions', async () => {
    const instance = stage.instance()
    const [ava] = await cast(instance, 'ava')
    const crowd = [ava, ...(await makeCrowd(instance, 4))]
    const step = fc.record({
      who: fc.nat(crowd.length - 1),
      what: fc.oneof(
        fc.constant('view' as const),
        fc.constant('take back' as const),
        fc.constantFrom(...EMOJI),
      ),
      atOnce: fc.boolean(),
    })
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (history) => {
      const story = await ava.tell({})
      const run = async ({ who, what }: (typeof history)[number]) => {
        const person = crowd[who] ?? ava
        const path = `/stories/${story.id}/${what === 'view' ? 'view' : 'reactions'}`
        if (what === 'take back') (await person.delete(path)).as(204)
        else await person.post(path, what === 'view' ? undefined : { emoji: what })
      }
      let running: Promise<void>[] = []
      for (const item of history) {
        running.push(run(item))
        if (item.atOnce) continue
        await Promise.all(running)
        running = []
      }
      await Promise.all(running)
      const { counters } = (await ava.get(`/stories/${story.id}`)).as<Story>()
      expect(counters).toEqual((await counted(story.id)) as typeof counters)
    })
    await fc.assert(property, { numRuns: 12, seed: 20_260_131 })
  })

  test('follow plain SQL that inserts, changes and deletes the columns of the brief', async () => {
    const { sql } = stage.database()
    const [ava, ben, cleo] = await cast(stage.instance(), 'ava', 'ben', 'cleo')
    const id = crypto.randomUUID()
    await sql`insert into stories (id, author_id, text, visibility, expires_at)
      values (${id}, ${ava.id}, 'plain', 'public', now() + interval '1 hour')`
    await sql`insert into story_views (story_id, viewer_id, viewed_at)
      values (${id}, ${ava.id}, now()), (${id}, ${ben.id}, now()), (${id}, ${cleo.id}, now())`
    await sql`insert into reactions (id, story_id, user_id, emoji)
      values (${crypto.randomUUID()}, ${id}, ${ben.id}, '👍'), (${crypto.randomUUID()}, ${id}, ${cleo.id}, '👍'),
        (${crypto.randomUUID()}, ${id}, ${ava.id}, '👍')`
    const read = async () => (await ben.get(`/stories/${id}`)).as<Story>()
    expect(await read()).toMatchObject({ text: 'plain', author: { handle: ava.handle } })
    expect((await read()).counters).toEqual({ views: 2, reactions: reactionCounts({ '👍': 2 }) })
    await sql`update reactions set emoji = '🔥' where story_id = ${id} and user_id = ${ben.id}`
    await sql`delete from reactions where story_id = ${id} and user_id = ${cleo.id}`
    await sql`delete from story_views where story_id = ${id} and viewer_id = ${cleo.id}`
    expect((await read()).counters).toEqual({ views: 1, reactions: reactionCounts({ '🔥': 1 }) })
  })
})

/** Two sessions that count on the same shard: of seventeen, two at least do. */
async function withTwoOfAShard(
  url: string,
  work: (first: Session, second: Session) => Promise<void>,
  others: readonly Session[] = [],
): Promise<void> {
  await withSession(url, async (session) => {
    const twin = others.find(({ pid }) => pid % 16 === session.pid % 16)
    await (twin === undefined ? withTwoOfAShard(url, work, [...others, session]) : work(twin, session))
  })
}

test('a bulk load of reactions counts once a statement, whatever the number of rows', async () => {
  const { sql } = stage.database()
  const instance = stage.instance()
  const [ava, ben] = await cast(instance, 'ava', 'ben')
  const crowd = await makeCrowd(instance, 600)
  const stories = [await ava.tell({}), await ava.tell({}), await ben.tell({})]
  const ids = stories.map(({ id }) => id)
  const people = [ava, ben, ...crowd].map(({ id }) => id)
  const written = async (tx: postgres.TransactionSql) => {
    const [row] = await tx<{ n: number }[]>`
      select sum(n_tup_ins + n_tup_upd)::int as n from pg_stat_xact_user_tables
      where relname in ('story_counters', 'author_days')`
    return row?.n
  }
  await sql.begin(async (tx) => {
    const before = (await written(tx)) ?? 0
    await tx`insert into reactions (story_id, user_id, emoji)
      select s.id, p.id, (array['👍', '❤️', '😂', '😮', '😢', '🔥'])[1 + (row_number() over ()) % 6]
      from unnest(${ids}::uuid[]) s (id), unnest(${people}::uuid[]) p (id)`
    // Three stories, two authors.
    expect(await written(tx)).toBe(before + 5)
  })
  const shownAndCounted = async () =>
    Promise.all(
      stories.map(async ({ id }) => [
        (await ben.get(`/stories/${id}`)).as<Story>().counters.reactions,
        (await counted(id)).reactions as Story['counters']['reactions'],
      ]),
    )
  for (const [shown, kept] of await shownAndCounted()) expect(shown).toEqual(kept)
  await sql`update reactions set emoji = case emoji when '👍' then '🔥' else '👍' end where user_id = any(${people.slice(0, 400)}::uuid[])`
  await sql`delete from reactions where user_id = any(${people.slice(200)}::uuid[])`
  for (const [shown, kept] of await shownAndCounted()) expect(shown).toEqual(kept)
  expect((await statsOf(ava)).reactions['👍']).toBe(
    (await shownAndCounted()).slice(0, 2).reduce((sum, [, kept]) => sum + (kept?.['👍'] ?? 0), 0),
  )
})

test('somebody who comes back on a later day and a reaction changed on a later day do not wait for each other', async () => {
  const { sql, url } = stage.database()
  const [ava, ben, cleo] = await cast(stage.instance(), 'ava', 'ben', 'cleo')
  const [seen, viewed, reacted] = [await ava.tell({}), await ava.tell({}), await ava.tell({})]
  // Each writes its days as yesterday left them, on one shard, which is that of its process.
  await sql`insert into story_views (story_id, viewer_id, viewed_at)
    values (${seen.id}, ${ben.id}, now() - interval '1 day')`
  await sql`insert into reactions (story_id, user_id, emoji, created_at)
    values (${reacted.id}, ${cleo.id}, '👍', now() - interval '1 day')`
  await withTwoOfAShard(url, async (viewing, reacting) => {
    const shard = viewing.pid % 16
    await sql`insert into author_days (author_id, day, shard)
      select ${ava.id}, utc_day(now() - days * interval '1 day'), ${shard} from generate_series(0, 1) days
      on conflict do nothing`
    const writes = await sql.begin(async (tx) => {
      await tx`select from author_days where author_id = ${ava.id} and shard = ${shard}
        and day = utc_day(now() - interval '1 day') for update`
      const change = reacting.sql`update reactions set emoji = '🔥', created_at = now()
        where story_id = ${reacted.id} and user_id = ${cleo.id}`.execute()
      await untilBlocked(tx, reacting)
      const view = viewing.sql`insert into story_views (story_id, viewer_id, viewed_at)
        values (${viewed.id}, ${ben.id}, now())`.execute()
      await untilBlocked(tx, viewing)
      return { all: Promise.all([change, view]) }
    })
    await writes.all
  })
  expect(await statsOf(ava)).toMatchObject({ views: 2, unique_viewers: 1 })
})

test('audience rows that plain SQL inserts narrow a story to the people listed', async () => {
  const { sql } = stage.database()
  const [ava, ben, cleo] = await cast(stage.instance(), 'ava', 'ben', 'cleo')
  await ben.follow(ava)
  const story = await ava.tell({ visibility: 'friends' })
  const statuses = async () =>
    Promise.all([ben, cleo].map(async (person) => (await person.get(`/stories/${story.id}`)).status))
  expect(await statuses()).toEqual([200, 404])
  await sql`insert into story_audience (story_id, user_id) values (${story.id}, ${cleo.id})`
  expect(await statuses()).toEqual([404, 200])
})

describe('stats', () => {
  const midnight = Date.parse('2026-03-10T00:00:00.000Z')
  const viewAll = async (person: Person, stories: readonly Story[]) => {
    for (const story of stories) (await person.post(`/stories/${story.id}/view`)).as(200)
  }

  test('put what happens on its day in UTC, and count a viewer once in the seven days', async () => {
    const clock = createSteeredClock(new Date(midnight - MINUTE))
    const { api, ctx, database } = stage.instance({ clock, env: { STORY_TTL_SECONDS: '864000' } })
    const people = await cast({ api, ctx, database }, 'ava', 'ben', 'cleo')
    const fresh = async (person: Person) => person.with(ctx.tokens.sign(person.id))
    const [ava, ben, cleo] = people
    const first = await ava.tell({ text: 'before midnight' })
    await viewAll(ben, [first])
    clock.set(new Date(midnight))
    const second = await ava.tell({ text: 'after midnight' })
    await viewAll(ben, [second])
    await viewAll(cleo, [first, second])
    ;(await cleo.post(`/stories/${first.id}/reactions`, { emoji: '😢' })).as(201)
    const stats = await statsOf(ava)
    expect(stats.from).toBe('2026-03-04T00:00:00.000Z')
    expect(stats).toMatchObject({
      posted: 2,
      views: 4,
      unique_viewers: 2,
      reactions: reactionCounts({ '😢': 1 }),
    })
    expect(stats.days.map(({ date }) => date)).toEqual(
      [4, 5, 6, 7, 8, 9, 10].map((n) => `2026-03-${`0${n}`.slice(-2)}`),
    )
    expect(stats.days.slice(5)).toEqual([
      { date: '2026-03-09', posted: 1, views: 1, reactions: 0 },
      { date: '2026-03-10', posted: 1, views: 3, reactions: 1 },
    ])

    // Six days on the 9th has left the window, seven days on the 10th too.
    clock.set(new Date(midnight + 6 * DAY + HOUR))
    expect(await statsOf(await fresh(ava))).toMatchObject({ posted: 1, views: 3, unique_viewers: 2 })
    const third = await (await fresh(ava)).tell({ text: 'late' })
    await viewAll(await fresh(ben), [third])
    expect(await statsOf(await fresh(ava))).toMatchObject({ posted: 2, views: 4, unique_viewers: 2 })
    clock.set(new Date(midnight + 7 * DAY))
    expect(await statsOf(await fresh(ava))).toMatchObject({ posted: 1, views: 1, unique_viewers: 1 })
    await cleanUp(ctx)
    expect(await statsOf(await fresh(ava))).toMatchObject({ posted: 1, views: 1, unique_viewers: 1 })
  })

  test('keep counting stories that were deleted or have expired', async () => {
    const clock = createSteeredClock('2026-03-10T12:00:00Z')
    const [ava, ben] = await cast(stage.instance({ clock }), 'ava', 'ben')
    const story = await ava.tell({})
    await viewAll(ben, [story])
    ;(await ben.post(`/stories/${story.id}/reactions`, { emoji: '👍' })).as(201)
    ;(await ava.delete(`/stories/${story.id}`)).as(204)
    expect(await statsOf(ava)).toMatchObject({ posted: 1, views: 1, reactions: reactionCounts({ '👍': 1 }) })
  })

  test('are exact for any days on which people view', async () => {
    const clock = createSteeredClock(new Date(midnight))
    const place = stage.instance({ clock, env: { STORY_TTL_SECONDS: '2592000' } })
    const crowd = await makeCrowd(place, 5)
    const days = fc.array(fc.array(fc.nat(crowd.length - 1), { maxLength: 6 }), {
      minLength: 3,
      maxLength: 10,
    })
    const property = fc.asyncProperty(days, async (visitsByDay) => {
      clock.set(new Date(midnight))
      const [ava] = await cast(place, 'ava')
      for (const [day, visits] of visitsByDay.entries()) {
        clock.set(new Date(midnight + day * DAY))
        const author = ava.with(place.ctx.tokens.sign(ava.id))
        const story = await author.tell({})
        await Promise.all(
          visits.map(async (who) => {
            const person = crowd[who] ?? ava
            await viewAll(person.with(place.ctx.tokens.sign(person.id)), [story])
          }),
        )
      }
      const recent = visitsByDay.slice(-7)
      const author = ava.with(place.ctx.tokens.sign(ava.id))
      expect(await statsOf(author)).toMatchObject({
        posted: recent.length,
        views: recent.reduce((sum, visits) => sum + new Set(visits).size, 0),
        unique_viewers: new Set(recent.flat()).size,
      })
    })
    await fc.assert(property, { numRuns: 8, seed: 20_260_131 })
  })
})

describe('writers that share a shard do not wait for each other in a circle', () => {
  test.each([
    [
      'a view',
      (sql: postgres.Sql, storyId: string, userId: string) =>
        sql`insert into story_views (story_id, viewer_id, viewed_at) values (${storyId}, ${userId}, now())`,
    ],
    [
      'a reaction',
      (sql: postgres.Sql, storyId: string, userId: string) =>
        sql`insert into reactions (id, story_id, user_id, emoji, created_at)
          values (gen_random_uuid(), ${storyId}, ${userId}, '🔥', now())`,
    ],
  ])('%s takes the story’s row, then the author’s', async (_, write) => {
    const [ava, ben, cleo] = await cast(stage.instance(), 'ava', 'ben', 'cleo')
    const story = await ava.tell({})
    const { sql, url } = stage.database()
    await withSession(url, async (writer) => {
      const shard = writer.pid % 16
      await writer.sql`insert into story_views (story_id, viewer_id, viewed_at) values (${story.id}, ${ben.id}, now())`
      const { writing } = await sql.begin(async (holder) => {
        const held = await holder`
          select 1 from author_days where author_id = ${ava.id} and shard = ${shard} for update`
        expect(held).toHaveLength(1)
        const writing = write(writer.sql, story.id, cleo.id).execute()
        await untilBlocked(holder, writer)
        const free = await holder`
          select 1 from story_counters where story_id = ${story.id} and shard = ${shard} for update skip locked`
        expect(free).toHaveLength(0)
        return { writing }
      })
      await writing
    })
  })
})
