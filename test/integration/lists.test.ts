import { describe, expect, test } from 'bun:test'
import type { TrayItem } from '../../src/features/feed/schema'
import type { SearchHit } from '../../src/features/search/schema'
import type { Story } from '../../src/features/stories/schema'
import type { Page } from '../../src/kernel/cursor'
import { newId } from '../../src/kernel/ids'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { createSteeredClock, HOUR, MINUTE, SECOND } from '../support/steered-clock'

/** The other lists: their order, their pages, and what they leave out. */

const stage = useStage()
type FollowedPerson = { id: string; handle: string; followed_at: string }

describe('a person’s stories', () => {
  test('come oldest first in whole pages, the caller’s own newest first with private ones', async () => {
    const clock = createSteeredClock()
    const [ava, ben] = await cast(stage.instance({ clock }), 'ava', 'ben')
    const told: Story[] = []
    for (let i = 0; i < 9; i++) {
      // Three stories each share a millisecond.
      if (i % 3 === 0) clock.advanceMs(SECOND)
      told.push(await ava.tell({ visibility: i % 4 === 3 ? 'private' : 'public', text: `n${i}` }))
    }
    const open = told.filter((story) => story.visibility === 'public').map(({ id }) => id)
    for (const limit of [1, 2, 100]) {
      expect((await ben.all<Story>(`/users/${ava.id}/stories`, limit)).map(({ id }) => id)).toEqual(open)
      const own = (await ava.all<Story>('/me/stories', limit)).map(({ id }) => id)
      expect(own).toEqual(told.map(({ id }) => id).reverse())
    }
    expect((await ava.all<Story>(`/users/${ava.id}/stories`)).map(({ id }) => id)).toEqual(
      told.map(({ id }) => id),
    )
  })

  test('of nobody are not found, of somebody without any are an empty page', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    expect((await ava.get(`/users/${newId()}/stories`)).status).toBe(404)
    expect((await ava.get(`/users/${ben.id}/stories`)).as<Page<Story>>()).toEqual({
      items: [],
      next_cursor: null,
    })
  })
})

describe('following and followers', () => {
  test('come newest first, page by page, while people come and go', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const [ava] = await cast(instance, 'ava')
    const crowd = await makeCrowd(instance, 9)
    for (const [i, person] of crowd.entries()) {
      if (i % 3 === 0) clock.advanceMs(SECOND)
      await ava.follow(person)
      await person.follow(ava)
    }
    const ids = new Set(crowd.map(({ id }) => id))
    for (const path of ['/me/following', '/me/followers']) {
      for (const limit of [1, 4, 100]) {
        const people = await ava.all<FollowedPerson>(path, limit)
        expect(new Set(people.map(({ id }) => id))).toEqual(ids)
        expect(people).toHaveLength(9)
        const moments = people.map((person) => person.followed_at)
        expect(moments).toEqual([...moments].sort().reverse())
      }
    }
    const first = (await ava.get('/me/following?limit=4')).as<Page<FollowedPerson>>()
    clock.advanceMs(SECOND)
    const [late] = await makeCrowd(instance, 1)
    if (late !== undefined) await ava.follow(late)
    await ava.unfollow(first.items[0] ?? { id: '' })
    const rest = (await ava.get(`/me/following?limit=100&cursor=${first.next_cursor}`)).as<
      Page<FollowedPerson>
    >()
    expect([...first.items, ...rest.items].map(({ id }) => id).sort()).toEqual([...ids].sort())
    expect((await ava.get(`/me/followers?cursor=${first.next_cursor}`)).code).toBe('invalid_cursor')
  })

  test('a follow is 201 first and 200 after, the same; an unfollow is 204 always', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const first = (await ava.post(`/follow/${ben.id}`)).as<object>(201)
    expect((await ava.post(`/follow/${ben.id.toUpperCase()}`)).as<object>(200)).toEqual(first)
    for (let i = 0; i < 2; i++) expect((await ava.delete(`/follow/${ben.id}`)).status).toBe(204)
    expect((await ava.post(`/follow/${ava.id}`)).code).toBe('cannot_follow_self')
    expect((await ava.post(`/follow/${newId()}`)).status).toBe(404)
  })

  test('of one person twenty times at once is one follow', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const answers = await Promise.all(Array.from({ length: 20 }, () => ava.post(`/follow/${ben.id}`)))
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: 19 }, () => 200),
      201,
    ])
    expect(await ben.all('/me/followers')).toHaveLength(1)
  })
})

test('people are found by the start of their handle, page by page, and say whether one follows them', async () => {
  const instance = stage.instance()
  const [ava, zoe, ...others] = await cast(instance, 'ava', 'zoe_a', 'zoe_b', 'zoe_c', 'zoexa')
  await ava.follow(zoe)
  type Found = { id: string; handle: string; following: boolean }
  for (const limit of [1, 2, 100]) {
    const found = await ava.all<Found>('/users?q=ZOE', limit)
    expect(found.map(({ handle }) => handle)).toEqual([zoe, ...others].map(({ handle }) => handle).sort())
  }
  const underscored = await ava.all<Found>('/users?q=%40zoe_')
  expect(underscored.map(({ following }) => following)).toEqual([true, false, false])
  expect((await ava.get('/users?q=%25')).as<Page<Found>>().items).toEqual([])
  expect((await ava.get(`/users/${zoe.id}`)).as<object>()).toMatchObject({
    handle: zoe.handle,
    following: true,
  })
  expect((await ava.get(`/users/${zoe.id}`)).text).not.toContain('example.com')
  expect((await ava.get(`/users/${newId()}`)).status).toBe(404)
})

describe('the tray', () => {
  test('has those with unseen stories first, then newest, and counts only what one may see', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    await stage.database().sql`delete from stories`
    const [viewer, seen, fresh, older, hidden] = await cast(
      instance,
      'viewer',
      'seen',
      'fresh',
      'older',
      'hidden',
    )
    await viewer.follow(older)
    const tell = async (person: typeof viewer, story: object) => {
      clock.advanceMs(MINUTE)
      return person.tell({ ...story })
    }
    await tell(older, { visibility: 'friends' })
    await tell(older, { visibility: 'friends', audience_user_ids: [seen.id] })
    await tell(fresh, {})
    await tell(hidden, { visibility: 'friends' })
    await tell(fresh, { visibility: 'private' })
    const story = await tell(seen, {})
    await tell(viewer, {})
    ;(await viewer.post(`/stories/${story.id}/view`)).as(200)
    const tray = await viewer.all<TrayItem>('/feed/authors', 1)
    expect(tray.map(({ author, stories, unseen }) => [author.handle, stories, unseen])).toEqual([
      [fresh.handle, 1, 1],
      [older.handle, 1, 1],
      [viewer.handle, 1, 0],
      [seen.handle, 1, 0],
    ])
    clock.advanceMs(30 * HOUR)
    const later = viewer.with(instance.ctx.tokens.sign(viewer.id))
    expect(await later.all<TrayItem>('/feed/authors')).toEqual([])
  })

  test('looks at the newest 2,000, 50 of each person followed and 500 shared by name', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const { sql } = stage.database()
    await sql`delete from stories`
    const [viewer, stranger, crowd, followed, close] = await cast(
      instance,
      'viewer',
      'stranger',
      'crowd',
      'followed',
      'close',
    )
    await viewer.follow(followed)
    const tellMany = (person: typeof viewer, visibility: string, count: number, secondsAgo: number) => sql`
      insert into stories (id, author_id, text, visibility, has_audience, created_at, expires_at)
      select gen_random_uuid(), ${person.id}, 'hi', ${visibility}, ${visibility === 'friends' && person === close},
        ${clock.now()}::timestamptz - ${secondsAgo} * interval '1 second' - i * interval '1 millisecond',
        ${clock.now()}::timestamptz + interval '1 hour'
      from generate_series(1, ${count}::int) i`
    await tellMany(crowd, 'public', 2000, 10)
    await tellMany(stranger, 'public', 1, 20)
    await tellMany(followed, 'friends', 51, 30)
    await tellMany(close, 'friends', 501, 40)
    await sql`
      insert into story_audience (story_id, user_id, created_at)
      select id, ${viewer.id}, created_at from stories where author_id = ${close.id}`
    const tray = (await viewer.get('/feed/authors')).as<Page<TrayItem>>().items
    expect(tray.map(({ author, stories }) => [author.handle, stories])).toEqual([
      [crowd.handle, 2000],
      [followed.handle, 50],
      [close.handle, 500],
    ])
  })

  test('neither repeats nor skips an author while one views what was shown', async () => {
    const instance = stage.instance()
    await stage.database().sql`delete from stories`
    const [viewer] = await cast(instance, 'viewer')
    const crowd = await makeCrowd(instance, 7)
    for (const person of crowd) await person.tell({})
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const path: string = `/feed/authors?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`
      const page: Page<TrayItem> = (await viewer.get(path)).as<Page<TrayItem>>()
      seen.push(...page.items.map(({ author }) => author.id))
      for (const { author } of page.items) {
        const [story] = (await viewer.get(`/users/${author.id}/stories`)).as<Page<Story>>().items
        ;(await viewer.post(`/stories/${story?.id}/view`)).as(200)
      }
      cursor = page.next_cursor
    } while (cursor !== null)
    expect(seen.sort()).toEqual(crowd.map(({ id }) => id).sort())
  })
})

describe('search', () => {
  test('finds words in what one may see, best first, page by page, with marks that cannot inject HTML', async () => {
    const instance = stage.instance()
    const [ava, ben] = await cast(instance, 'ava', 'ben')
    const twice = await ava.tell({ text: 'sunset after sunset' })
    const once = await ava.tell({ text: 'a <b>sunset</b> & "more" of many other words that are here' })
    await ava.tell({ text: 'sunset for me alone', visibility: 'private' })
    await ava.tell({ text: 'sunset for friends', visibility: 'friends' })
    await ava.tell({ text: 'nothing of the kind' })
    for (const limit of [1, 100]) {
      const hits = await ben.all<SearchHit>('/search?q=SUNSET', limit)
      expect(hits.map(({ id }) => id)).toEqual([twice.id, once.id])
      expect(hits[1]?.highlight).toContain('&lt;b&gt;<mark>sunset</mark>&lt;/b&gt; &amp; &quot;more&quot;')
    }
    expect(await ava.all('/search?q=sunset')).toHaveLength(4)
    expect(await ben.all('/search?q=sunset+-after')).toHaveLength(1)
    expect(await ben.all(`/search?q=${encodeURIComponent('"after sunset"')}`)).toHaveLength(1)
    ;(await ava.delete(`/stories/${twice.id}`)).as(204)
    expect(await ben.all('/search?q=sunset')).toHaveLength(1)
  })

  test('takes any text of 1 to 200 characters without breaking', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    for (const q of [`'`, '"', '&|!()', ':*', '\\', '😂', '%', 'x'.repeat(200), '-', '<->']) {
      expect([q, (await ava.get(`/search?q=${encodeURIComponent(q)}`)).status]).toEqual([q, 200])
    }
    for (const q of ['', '%20', 'x'.repeat(201), '%00']) {
      expect([q, (await ava.get(`/search?q=${q}`)).status]).toEqual([q, 422])
    }
  })
})
