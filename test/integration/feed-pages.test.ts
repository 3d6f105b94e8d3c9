import { describe, expect, test } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import type { Page } from '../../src/kernel/cursor'
import { newId } from '../../src/kernel/ids'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import type { TestDatabase } from '../support/database'
import type { Person } from '../support/people'
import { createSteeredClock, HOUR, MINUTE } from '../support/steered-clock'

/** Walking the feed by cursors: nothing twice, nothing left out, whatever happens meanwhile. */

const stage = useStage()
const newestFirst = (a: { at: Date; id: string }, b: { at: Date; id: string }) =>
  b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1)

type Planned = { id: string; at: Date; author: string; visibility: string; listed?: string }

async function insertStories(database: TestDatabase, rows: readonly Planned[]): Promise<void> {
  const { sql } = database
  const values = rows.map(({ id, at, author, visibility }) => ({
    id,
    author_id: author,
    text: 'story',
    visibility,
    created_at: at,
    expires_at: new Date(at.getTime() + 24 * HOUR),
  }))
  await sql`insert into stories ${sql(values)}`
  const listed = rows.flatMap(({ id, listed: user }) =>
    user === undefined ? [] : [{ story_id: id, user_id: user }],
  )
  if (listed.length > 0) await sql`insert into story_audience ${sql(listed)}`
}

/** Reads page after page, doing something between them. */
async function walk(
  viewer: Person,
  limit: number,
  between: (page: number) => Promise<void>,
): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  for (let page = 0; page < 200; page++) {
    const path: string = `/feed?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`
    const answer: Page<Story> = (await viewer.get(path)).as<Page<Story>>()
    ids.push(...answer.items.map((story) => story.id))
    cursor = answer.next_cursor
    if (cursor === null) return ids
    await between(page)
  }
  throw new Error('The feed does not end')
}

const at = (minutesAgo: number, from: Date) => new Date(from.getTime() - minutesAgo * MINUTE)

describe('a walk through the feed', () => {
  test.each([1, 7, 100])(
    'of pages of %i stories shows each once, also those of the same millisecond',
    async (limit) => {
      const instance = stage.instance()
      const [viewer, author] = await cast(instance, 'viewer', 'author')
      await stage.database().sql`delete from stories`
      const now = instance.ctx.clock.now()
      const rows = Array.from({ length: 45 }, (_, i) => ({
        id: crypto.randomUUID(),
        at: at(Math.floor(i / 15), now),
        author: author.id,
        visibility: 'public',
      }))
      await insertStories(stage.database(), rows)
      expect(await walk(viewer, limit, async () => undefined)).toEqual(
        rows.sort(newestFirst).map(({ id }) => id),
      )
    },
  )

  test('neither repeats nor skips a story while others are added and removed', async () => {
    const instance = stage.instance()
    const [viewer, author] = await cast(instance, 'viewer', 'author')
    await stage.database().sql`delete from stories`
    const now = instance.ctx.clock.now()
    const rows = Array.from({ length: 40 }, (_, i) => ({
      id: newId(),
      at: at(i + 1, now),
      author: author.id,
      visibility: 'public',
    }))
    await insertStories(stage.database(), rows)
    const removed = new Set<string>()
    const seen = await walk(viewer, 4, async (page) => {
      await author.tell({ text: `new ${page}` })
      // One that was shown and one that was not: neither may move the others.
      for (const row of [rows[page * 4], rows[page * 4 + 13]]) {
        if (row === undefined || removed.has(row.id)) continue
        removed.add(row.id)
        await author.delete(`/stories/${row.id}`)
      }
    })
    expect(new Set(seen).size).toBe(seen.length)
    const stayed = rows.map(({ id }) => id).filter((id) => !removed.has(id))
    expect(seen.filter((id) => stayed.includes(id))).toEqual(stayed)
    expect(seen.filter((id) => !rows.some((row) => row.id === id))).toEqual([])
  })

  test.each(['following', 'mutual'])(
    'goes on behind hundreds of stories that one may not see (FRIENDS_RULE=%s)',
    async (rule) => {
      const instance = stage.instance({ env: { FRIENDS_RULE: rule } })
      const { sql } = stage.database()
      await sql`delete from stories`
      const [viewer, stranger, friend, lister] = await makeCrowd(instance, 4)
      if (!viewer || !stranger || !friend || !lister) throw new Error('nobody there')
      await viewer.follow(friend)
      await friend.follow(viewer)
      const now = instance.ctx.clock.now()
      const hidden = (from: number, count: number): Planned[] =>
        Array.from({ length: count }, (_, i) => ({
          id: newId(),
          at: new Date(at(from, now).getTime() - i),
          author: stranger.id,
          visibility: 'friends',
        }))
      const mixed = (from: number): Planned[] =>
        Array.from({ length: 20 }, (_, i) => {
          const id = crypto.randomUUID()
          const moment = at(from + Math.floor(i / 5), now)
          const kinds: Planned[] = [
            { id, at: moment, author: stranger.id, visibility: 'public' },
            { id, at: moment, author: friend.id, visibility: 'friends' },
            { id, at: moment, author: viewer.id, visibility: 'friends' },
            { id, at: moment, author: lister.id, visibility: 'friends', listed: viewer.id },
            { id, at: moment, author: friend.id, visibility: 'public' },
          ]
          return kinds[i % kinds.length] as Planned
        })
      const visible = [...mixed(10), ...mixed(200), ...mixed(400)]
      await insertStories(stage.database(), [
        ...hidden(5, 450),
        ...visible,
        ...hidden(100, 900),
        ...hidden(300, 401),
      ])
      const expected = visible.sort(newestFirst).map(({ id }) => id)
      for (const limit of [3, 20, 100])
        expect(await walk(viewer, limit, async () => undefined)).toEqual(expected)
    },
  )

  test('never shows a private story, not even to its author', async () => {
    const instance = stage.instance()
    const [viewer] = await cast(instance, 'viewer')
    const hidden = await viewer.tell({ visibility: 'private' })
    const friends = await viewer.tell({ visibility: 'friends' })
    const ids = (await viewer.all<Story>('/feed')).map((story) => story.id)
    expect(ids).toContain(friends.id)
    expect(ids).not.toContain(hidden.id)
  })
})

describe('a page of the feed', () => {
  test('takes the same number of statements whatever its size', async () => {
    const statements: string[] = []
    const instance = stage.instance({
      // Who was let in is not looked up again while it stands still.
      clock: createSteeredClock(),
      env: { FEED_CACHE_SECONDS: '0' },
      onStatement: (statement) => statements.push(statement),
    })
    const [viewer, author] = await cast(instance, 'viewer', 'author')
    await stage.database().sql`delete from stories`
    await viewer.follow(author)
    const now = instance.ctx.clock.now()
    await insertStories(
      stage.database(),
      Array.from({ length: 120 }, (_, i) => ({
        id: newId(),
        at: at(i, now),
        author: author.id,
        visibility: i % 2 === 0 ? 'friends' : 'public',
      })),
    )
    const countOf = async (limit: number): Promise<number> => {
      await viewer.unfollow(author)
      await viewer.follow(author)
      statements.length = 0
      const page = (await viewer.get(`/feed?limit=${limit}`)).as<Page<Story>>()
      expect(page.items).toHaveLength(limit)
      return statements.length
    }
    await viewer.get('/me')
    const counts: number[] = []
    for (const limit of [1, 20, 100]) counts.push(await countOf(limit))
    expect(new Set(counts).size).toBe(1)
    expect(counts[0]).toBeGreaterThanOrEqual(2)
    expect(counts[0]).toBeLessThanOrEqual(3)
  })

  test('has 20 stories unless asked otherwise, and from 1 to 100', async () => {
    const instance = stage.instance()
    const [viewer] = await cast(instance, 'viewer')
    await insertStories(
      stage.database(),
      Array.from({ length: 30 }, () => ({
        id: newId(),
        at: instance.ctx.clock.now(),
        author: viewer.id,
        visibility: 'public',
      })),
    )
    expect((await viewer.get('/feed')).as<Page<Story>>().items).toHaveLength(20)
    for (const limit of ['0', '101', '-1', '1.5', 'x', '']) {
      const { status, code } = await viewer.get(`/feed?limit=${limit}`)
      expect([limit, status, code]).toEqual([limit, 422, 'validation_failed'])
    }
  })

  test('refuses a cursor that this list did not make', async () => {
    const instance = stage.instance()
    const [viewer] = await cast(instance, 'viewer')
    await viewer.tell({})
    await viewer.tell({})
    const { next_cursor } = (await viewer.get('/me/stories?limit=1')).as<Page<Story>>()
    for (const cursor of [next_cursor, 'x', 'ZmVlZHx4fHk', `${'a'.repeat(600)}`]) {
      const { status, code } = await viewer.get(`/feed?cursor=${cursor}`)
      expect([status, code]).toEqual([400, 'invalid_cursor'])
    }
  })

  test('leaves out what has ended since the page before', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    await stage.database().sql`delete from stories`
    const [viewer] = await cast(instance, 'viewer')
    const old = await viewer.tell({ text: 'first' })
    clock.advanceMs(10 * MINUTE)
    const young = await viewer.tell({ text: 'second' })
    const page = (await viewer.get('/feed?limit=1')).as<Page<Story>>()
    expect(page.items.map((story) => story.id)).toEqual([young.id])
    await stage.database().sql`update stories set expires_at = ${clock.now()} where id = ${old.id}`
    const next = (await viewer.get(`/feed?limit=1&cursor=${page.next_cursor}`)).as<Page<Story>>()
    expect(next).toEqual({ items: [], next_cursor: null })
  })
})
