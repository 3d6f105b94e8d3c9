import { beforeAll, describe, expect, test } from 'bun:test'
import {
  type Captured,
  captureStatements,
  explain,
  indexesUsed,
  rowsTouched,
  seqScans,
} from '../../load/support/explain'
import type { Candidate } from '../../src/features/search/store'
import { useStage } from '../support/context'

/** However frequent a word is, a search looks at few rows, and it finds what the definition says. */

const stage = useStage()

const STORIES = 30_000
const PEOPLE = 300
const CANDIDATES = 1000
const PAGE = 21
/** One story in 3,000, one in six, three in five. */
const [RARE, USUAL, COMMON] = ['aurora', 'harbour', 'sunset']
/** What of the newest stories, and of the newest quarters, tells how frequent a word is. */
const LOOKED_AT = 64 + CANDIDATES

const person = (number: number) =>
  Bun.MD5.hash(`person ${number}`, 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
/** The first follows a hundred people and has private stories; the second is in some audiences only. */
const [FOLLOWER, LISTED] = [person(1), person(2)]

beforeAll(async () => {
  await stage.database().sql.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    await sql`insert into users (id, email, password_hash, handle)
      select md5('person ' || n)::uuid, 'p' || n || '@example.com', '-', 'p_' || n from generate_series(1, ${PEOPLE}::int) n`
    await sql`insert into follows (follower_id, followee_id)
      select ${FOLLOWER}::uuid, md5('person ' || n)::uuid from generate_series(3, 103) n
      union all
      select md5('person ' || n)::uuid, md5('person ' || (3 + (n + k * 13) % 290))::uuid
      from generate_series(104, ${PEOPLE}::int) n, generate_series(1, 20) k
      where 3 + (n + k * 13) % 290 <> n on conflict do nothing`
    // Two a second apart share a moment, so that the id decides between them.
    await sql`insert into stories (id, author_id, text, visibility, has_audience, created_at, expires_at)
      select md5('story ' || n)::uuid, md5('person ' || (case when n % 40 = 9 then 1 else 3 + n % ${PEOPLE - 3}::int end))::uuid,
        case when n % 3000 = 0 then 'aurora ' else '' end || case when n % 6 = 5 then 'harbour ' else '' end
          || case when n % 10 in (7, 9) then 'lantern ' else '' end || case when n % 10 < 6 then 'sunset ' else '' end || repeat('sunset ', n % 3) || 'word' || n % 500,
        case when n % 40 in (9, 10) then 'private' when n % 10 < 7 then 'public' else 'friends' end, n % 10 = 8,
        at, at + interval '24 hours'
      from (select n, date_trunc('milliseconds', now() - n / 2 * interval '4 seconds') as at
        from generate_series(1, ${STORIES}::int) n) made`
    await sql`insert into story_audience (story_id, user_id, created_at)
      select id, ${LISTED}::uuid, created_at from stories where has_audience and right(text, 1) = '8'`
  })
  for (const table of ['users', 'follows', 'stories', 'story_audience'])
    await stage.database().sql.unsafe(`vacuum analyze ${table}`)
})

const find = async (
  viewerId: string,
  q: string,
  sent: Captured[] = [],
  after: Candidate | null = null,
  limit = PAGE,
  asOf = new Date(),
) => {
  let found: Candidate[] = []
  const search = { viewerId, q, now: asOf, asOf, after, limit }
  sent.push(
    ...(await captureStatements(stage.env(), async (ctx) => {
      found = await ctx.stores.search.findCandidates(search)
    })),
  )
  return found
}

const plansOf = async (q: string) => {
  const sent: Captured[] = []
  await find(FOLLOWER, q, sent)
  return Promise.all(
    sent.map(async (statement) => {
      const { sql } = stage.database()
      return [
        (await explain(sql, statement, { generic: true })).nodes,
        (await explain(sql, statement, { generic: false })).nodes,
      ] as const
    }),
  )
}

describe('the plan of a search', () => {
  test('looks at a bounded number of stories to know how frequent a word is', async () => {
    for (const word of [RARE, USUAL, COMMON])
      for (const nodes of (await plansOf(word))[0] ?? []) {
        expect(seqScans(nodes)).toEqual([])
        expect(indexesUsed(nodes)).toEqual(expect.arrayContaining(['stories_feed', 'stories_search']))
        expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(LOOKED_AT)
      }
  })

  test('asks the word index for all matches of a rare word, and for nothing else', async () => {
    const [, ways] = await plansOf(RARE)
    for (const nodes of ways ?? []) {
      expect(seqScans(nodes)).toEqual([])
      expect(indexesUsed(nodes)).toContain('stories_search')
      expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(STORIES / 3000)
    }
  })

  test('asks the word index for the newest matches of a usual word', async () => {
    const plans = await plansOf(USUAL)
    expect(plans).toHaveLength(2)
    for (const nodes of plans[1] ?? []) {
      expect(seqScans(nodes)).toEqual([])
      expect(indexesUsed(nodes)).toContain('stories_search')
      expect(rowsTouched(nodes, 'stories')).toBeGreaterThanOrEqual(CANDIDATES)
      // All that match are 5,000.
      expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(2.5 * CANDIDATES)
    }
  })

  test('also when nobody has posted for hours', async () => {
    const sent: Captured[] = []
    await find(FOLLOWER, USUAL, sent, null, PAGE, new Date(Date.now() + 3 * 3_600_000))
    expect(sent).toHaveLength(2)
    const [, statement] = sent
    if (statement === undefined) throw new Error('the statement was not sent')
    const { nodes } = await explain(stage.database().sql, statement, { generic: true })
    expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(2.5 * CANDIDATES)
  })

  test('walks the newest stories for a common word', async () => {
    const plans = await plansOf(COMMON)
    expect(plans).toHaveLength(2)
    for (const nodes of plans[1] ?? []) {
      expect(seqScans(nodes)).toEqual([])
      expect(indexesUsed(nodes)).toEqual(expect.arrayContaining(['stories_public', 'stories_author']))
      expect(indexesUsed(nodes)).not.toContain('stories_search')
      expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(4 * CANDIDATES)
    }
  })
})

/** The definition, in plain words: of all that match and may be seen the newest thousand, best first. */
const defined = async (viewerId: string, q: string, asOf: Date) => {
  const rows = await stage.database().sql<{ id: string }[]>`
    select id from (
      select s.id, s.created_at, ts_rank(s.tsv, websearch_to_tsquery('simple', ${q})) as rank from stories s
      where s.deleted_at is null and s.expires_at > ${asOf} and s.created_at <= ${asOf}
        and s.tsv @@ websearch_to_tsquery('simple', ${q})
        and (s.author_id = ${viewerId} or s.visibility = 'public' or s.visibility = 'friends' and (
          s.has_audience and exists (select 1 from story_audience a where a.story_id = s.id and a.user_id = ${viewerId})
          or not s.has_audience and exists (select 1 from follows f where f.follower_id = ${viewerId} and f.followee_id = s.author_id)))
      order by s.created_at desc, s.id desc limit ${CANDIDATES}) newest
    order by rank desc, created_at desc, id desc`
  return rows.map(({ id }) => id)
}

describe('a search finds what is defined', () => {
  const asOf = new Date()
  test.each([
    ['a rare word', RARE],
    ['a usual word', USUAL],
    ['a common word', COMMON],
    ['a usual word among friends, of whom the viewer knows few or none', 'lantern'],
    ['one word without another', 'sunset -harbour'],
    ['all without a word', '-sunset'],
    ['one word or another', 'aurora or word7'],
    ['words in a row', '"harbour sunset"'],
    ['a word that nobody wrote', 'nothing'],
  ])('%s', async (_, q) => {
    for (const viewer of [FOLLOWER, LISTED]) {
      const found = await find(viewer, q, [], null, CANDIDATES + 1, asOf)
      expect(found.map(({ id }) => id)).toEqual(await defined(viewer, q, asOf))
    }
  })

  test('also as of an earlier moment, page by page', async () => {
    const earlier = new Date(asOf.getTime() - 3 * 3_600_000)
    for (const q of [RARE, USUAL, COMMON]) {
      const ids: string[] = []
      let last: Candidate | null = null
      do {
        const page: Candidate[] = await find(FOLLOWER, q, [], last, 300, earlier)
        ids.push(...page.map(({ id }) => id))
        last = page.at(-1) ?? null
      } while (last !== null)
      expect(ids).toEqual(await defined(FOLLOWER, q, earlier))
    }
  })
})

describe('where next to nothing is for everybody', () => {
  /** Follows nobody and is in no audience. */
  const ALONE = person(50)
  beforeAll(async () => {
    const { sql } = stage.database()
    await sql`update stories set visibility = 'friends' where visibility = 'public' and right(text, 2) <> '77'`
    await sql.unsafe('vacuum analyze stories')
  })

  test('a search for a common word looks at what may be for the viewer, and at nothing else', async () => {
    const sent: Captured[] = []
    await find(ALONE, COMMON, sent)
    const [, walk] = sent
    if (walk === undefined || sent.length > 2) throw new Error(`${sent.length} sent`)
    for (const generic of [true, false]) {
      const { nodes } = await explain(stage.database().sql, walk, { generic })
      expect(seqScans(nodes)).toEqual([])
      expect(rowsTouched(nodes, 'stories')).toBeLessThanOrEqual(CANDIDATES)
    }
  })

  test.each([COMMON, '-aurora', 'harbour or sunset'])('%s finds what is defined', async (q) => {
    const asOf = new Date()
    for (const viewer of [FOLLOWER, LISTED, ALONE]) {
      const found = await find(viewer, q, [], null, CANDIDATES + 1, asOf)
      expect(found.map(({ id }) => id)).toEqual(await defined(viewer, q, asOf))
    }
  })
})
