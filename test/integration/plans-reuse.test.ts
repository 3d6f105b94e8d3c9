import { beforeAll, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { useStage } from '../support/context'

/** What is asked for all the time is planned once for each connection, whatever it is asked with. */

const stage = useStage()

const STORIES = 20_000
const PEOPLE = 500
/** As many of a statement's first runs are always planned with their values; then PostgreSQL compares. */
const ALWAYS_PLANNED = 5
const RUNS = 12

const person = (number: number) =>
  Bun.MD5.hash(`person ${number}`, 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

beforeAll(async () => {
  await stage.database().sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx`insert into users (id, email, password_hash, handle)
      select md5('person ' || n)::uuid, 'p' || n || '@example.com', '-', 'p_' || n from generate_series(1, ${PEOPLE}::int) n`
    await tx`insert into follows (follower_id, followee_id)
      select md5('person 1')::uuid, md5('person ' || n)::uuid from generate_series(3, 60) n`
    // The newest are for friends, so that the branches are searched, too. None has ended, though a planner that does not know
    // the present takes it for two thirds of them.
    await tx`insert into stories (id, author_id, text, visibility, has_audience, created_at, expires_at)
      select gen_random_uuid(), md5('person ' || (3 + n % ${PEOPLE - 3}::int))::uuid,
        case when n % 500 = 0 then 'aurora ' else '' end || case when n % 40 = 0 then 'harbour ' else '' end
          || case when n % 10 < 6 then 'sunset ' else '' end || 'word' || n % 400,
        case when n > 500 and n % 3 = 0 then 'public' else 'friends' end, n % 10 = 7, at, at + interval '24 hours'
      from (select n, now() - n * interval '2 seconds' as at from generate_series(1, ${STORIES}::int) n) made`
  })
  for (const table of ['users', 'follows', 'stories', 'story_audience'])
    await stage.database().sql.unsafe(`vacuum analyze ${table}`)
})

test.each(['first pages', 'later pages', 'a rare word', 'a usual word', 'a common word'])(
  'no plan of its own for each run: %s',
  async (what) => {
    const ctx = stage.realContext({ poolSizeMax: 1 })
    const { feed, search } = ctx.stores
    const find = (q: string, viewerId: string) =>
      search.findCandidates({ viewerId, q, now: new Date(), asOf: new Date(), after: null, limit: 21 })
    const asks: Record<string, (viewerId: string, run: number) => Promise<unknown>> = {
      'first pages': (viewerId) => feed.listSkeleton(viewerId, new Date(), null, 6),
      'later pages': (viewerId, run) =>
        feed.listSkeleton(viewerId, new Date(), { at: new Date(Date.now() - run * 60_000), id: viewerId }, 6),
      'a rare word': (viewerId) => find('aurora', viewerId),
      'a usual word': (viewerId) => find('harbour', viewerId),
      'a common word': (viewerId) => find('sunset', viewerId),
    }
    for (let run = 1; run <= RUNS; run++) await asks[what]?.(person(100 + run), run)
    const planned = await ctx.database.db.execute<{ statement: string; custom_plans: string }>(sql`
      select statement, custom_plans from pg_prepared_statements where statement like '%from stories%'`)
    // Behind a pooler nothing is prepared.
    expect(planned.length > 0).toBe(ctx.config.databasePrepare)
    expect(planned.filter((row) => Number(row.custom_plans) > ALWAYS_PLANNED)).toEqual([])
  },
)
