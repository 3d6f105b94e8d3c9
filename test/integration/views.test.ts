import { describe, expect, test } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { eventsOf, statsOf } from '../support/facts'

/** Views: one row a viewer, counted once, told once, whoever races whom. */

const stage = useStage()

describe('a view', () => {
  test('of one person, a hundred times at once, is one view with one event', async () => {
    const instances = [stage.instance(), stage.instance()] as const
    const [ava, ben] = await cast(instances[0], 'ava', 'ben')
    const story = await ava.tell({})
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        ben.at(instances[i % 2 ? 1 : 0].api).post(`/stories/${story.id}/view`),
      ),
    )
    const bodies = new Set(answers.map((answer) => JSON.stringify(answer.as(200))))
    expect(bodies.size).toBe(1)
    expect((await ava.get(`/stories/${story.id}`)).as<Story>().counters.views).toBe(1)
    expect(await eventsOf(stage.database(), ava.id)).toHaveLength(1)
    expect(await statsOf(ava)).toMatchObject({ posted: 1, views: 1, unique_viewers: 1 })
    const counted = await Promise.all(instances.map(({ ctx }) => ctx.metrics.storyViews.get()))
    expect(counted.map(({ values }) => values[0]?.value ?? 0).reduce((total, n) => total + n)).toBe(1)
  })

  test('of each of a hundred people at once is a hundred views, in counters, list, events and stats', async () => {
    const instances = [stage.instance(), stage.instance()] as const
    const [ava] = await cast(instances[0], 'ava')
    const crowd = await makeCrowd(instances[0], 100)
    const story = await ava.tell({})
    await Promise.all(
      crowd.map(async (person, i) =>
        (await person.at(instances[i % 2 ? 1 : 0].api).post(`/stories/${story.id}/view`)).as(200),
      ),
    )
    expect((await ava.get(`/stories/${story.id}`)).as<Story>().counters.views).toBe(100)
    const viewers = await ava.all<{ user: { id: string } }>(`/stories/${story.id}/viewers`, 30)
    expect(new Set(viewers.map(({ user }) => user.id))).toEqual(new Set(crowd.map(({ id }) => id)))
    expect(await eventsOf(stage.database(), ava.id)).toHaveLength(100)
    expect(await statsOf(ava)).toMatchObject({ views: 100, unique_viewers: 100 })
  })

  test('of a crowd at once costs few statements', async () => {
    const statements: string[] = []
    const instance = stage.instance({ onStatement: (text) => statements.push(text) })
    const [ava] = await cast(instance, 'ava')
    const crowd = await makeCrowd(instance, 60)
    const story = await ava.tell({})
    statements.length = 0
    const answers = await Promise.all(crowd.map((person) => person.post(`/stories/${story.id}/view`)))
    expect(answers.map(({ status }) => status)).toEqual(crowd.map(() => 200))
    expect(statements.filter((text) => text.includes('insert into story_views')).length).toBeLessThan(30)
  })

  test('or a reaction of somebody whose account is gone takes nobody else’s along', async () => {
    const instance = stage.instance()
    const [ava] = await cast(instance, 'ava')
    const crowd = await makeCrowd(instance, 12)
    const story = await ava.tell({})
    const gone = crowd[5]?.id ?? ''
    // Whoever was let in a moment ago is not looked up again yet, so that only the statement notices.
    for (const person of crowd) (await person.get('/me')).as(200)
    await stage.database().sql`delete from users where id = ${gone}`
    const expectedOf = (status: number) => crowd.map(({ id }) => (id === gone ? 401 : status))
    const [views, reactions] = await Promise.all([
      Promise.all(crowd.map((person) => person.post(`/stories/${story.id}/view`))),
      Promise.all(crowd.map((person) => person.post(`/stories/${story.id}/reactions`, { emoji: '🔥' }))),
    ])
    expect(views.map(({ status }) => status)).toEqual(expectedOf(200))
    expect(reactions.map(({ status }) => status)).toEqual(expectedOf(201))
    expect(await eventsOf(stage.database(), ava.id)).toHaveLength(22)
    expect(await statsOf(ava)).toMatchObject({ views: 11, unique_viewers: 11 })
  })

  test('of one’s own story is recorded, but neither counted, listed nor told', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    const story = await ava.tell({})
    const first = (await ava.post(`/stories/${story.id}/view`)).as<object>(200)
    expect((await ava.post(`/stories/${story.id}/view`)).as<object>(200)).toEqual(first)
    const seen = (await ava.get(`/stories/${story.id}`)).as<Story>()
    expect([seen.counters.views, seen.viewer.has_viewed]).toEqual([0, true])
    expect(await ava.all(`/stories/${story.id}/viewers`)).toEqual([])
    expect(await eventsOf(stage.database(), ava.id)).toEqual([])
    expect(await statsOf(ava)).toMatchObject({ views: 0, unique_viewers: 0 })
  })

  test('of a story that ended is not found, though it was seen before', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const story = await ava.tell({})
    ;(await ben.post(`/stories/${story.id}/view`)).as(200)
    ;(await ava.delete(`/stories/${story.id}`)).as(204)
    expect((await ben.post(`/stories/${story.id}/view`)).status).toBe(404)
    expect((await ben.delete(`/stories/${story.id}/reactions`)).status).toBe(404)
  })
})

describe('the viewers of a story', () => {
  test('are for its author only: 403 to those who see it, 404 to the rest', async () => {
    const [ava, ben, cleo] = await cast(stage.instance(), 'ava', 'ben', 'cleo')
    await ben.follow(ava)
    const story = await ava.tell({ visibility: 'friends' })
    expect((await ben.get(`/stories/${story.id}/viewers`)).status).toBe(403)
    expect((await cleo.get(`/stories/${story.id}/viewers`)).status).toBe(404)
  })

  test('come latest first with their reaction, and pages stay true while more arrive', async () => {
    const instance = stage.instance()
    const [ava] = await cast(instance, 'ava')
    const crowd = await makeCrowd(instance, 12)
    const story = await ava.tell({})
    for (const person of crowd) await person.post(`/stories/${story.id}/view`)
    await crowd[3]?.post(`/stories/${story.id}/reactions`, { emoji: '😮' })
    type Page = { items: { user: { id: string }; reaction: string | null }[]; next_cursor: string | null }
    const first = (await ava.get(`/stories/${story.id}/viewers?limit=5`)).as<Page>()
    const [late] = await makeCrowd(instance, 1)
    await late?.post(`/stories/${story.id}/view`)
    const rest = (
      await ava.get(`/stories/${story.id}/viewers?limit=20&cursor=${first.next_cursor}`)
    ).as<Page>()
    const seen = [...first.items, ...rest.items]
    expect(new Set(seen.map(({ user }) => user.id))).toEqual(new Set(crowd.map(({ id }) => id)))
    expect(seen).toHaveLength(12)
    expect(seen.find(({ user }) => user.id === crowd[3]?.id)?.reaction).toBe('😮')
    expect(rest.next_cursor).toBeNull()
  })
})
