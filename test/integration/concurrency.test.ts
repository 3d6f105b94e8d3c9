import { expect, test } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { signUp } from '../support/people'

/** Many at once on two instances: no bug comes out, and every count is right afterwards. */

const stage = useStage()

const pair = () => [stage.instance(), stage.instance()] as const
const isBug = (status: number) => status >= 500

test('follow and unfollow racing leave what one of them says, in every list and on both instances', async () => {
  const [one, two] = pair()
  const [ava, ben] = await cast(one, 'ava', 'ben')
  const story = await ava.tell({ visibility: 'friends' })
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, at) => {
      const caller = ben.at(at % 2 === 0 ? one.api : two.api)
      return at % 3 === 0 ? caller.delete(`/follow/${ava.id}`) : caller.post(`/follow/${ava.id}`)
    }),
  )
  expect(answers.map(({ status }) => status).filter((status) => ![200, 201, 204].includes(status))).toEqual(
    [],
  )
  const follows = (await ben.all<{ id: string }>('/me/following')).some(({ id }) => id === ava.id)
  for (const { api } of [one, two]) {
    const feed = (await ben.at(api).get('/feed'))
      .as<{ items: Story[] }>()
      .items.some(({ id }) => id === story.id)
    expect(feed).toBe(follows)
    expect((await ben.at(api).get(`/stories/${story.id}`)).status).toBe(follows ? 200 : 404)
    expect((await ava.at(api).all<{ id: string }>('/me/followers')).some(({ id }) => id === ben.id)).toBe(
      follows,
    )
  }
})

test('delete racing with views and reactions: no bug, and nobody reaches the story afterwards', async () => {
  const [one, two] = pair()
  const [ava, ...crowd] = await makeCrowd(one, 41)
  if (ava === undefined) throw new Error('nobody there')
  for (let round = 0; round < 3; round++) {
    const story = await ava.tell({})
    const path = `/stories/${story.id}`
    const racing = crowd.flatMap((person, at) => [
      person.at(at % 2 === 0 ? one.api : two.api).post(`${path}/view`),
      person.at(at % 2 === 0 ? two.api : one.api).post(`${path}/reactions`, { emoji: '🔥' }),
    ])
    const deleted = ava.at(two.api).delete(path)
    const answers = await Promise.all(racing)
    expect((await deleted).status).toBe(204)
    expect(answers.filter(({ status }) => isBug(status))).toEqual([])
    const [counted] = await one.database.sql<{ views: number; reactions: number; n: number; r: number }[]>`
      select (select count(*)::int from story_views where story_id = ${story.id}) as n,
        (select count(*)::int from reactions where story_id = ${story.id}) as r,
        (select count(*)::int from events where data->>'story_id' = ${story.id} and type = 'story.viewed') as views,
        (select count(*)::int from events where data->>'story_id' = ${story.id} and type = 'story.reacted') as reactions`
    expect(counted?.views).toBe(counted?.n ?? -1)
    expect(counted?.reactions).toBe(counted?.r ?? -1)
    expect((await crowd[0]?.post(`${path}/view`))?.status).toBe(404)
  }
})

test('changing reactions of many people at once are counted as they ended', async () => {
  const [one, two] = pair()
  const [ava, ...crowd] = await makeCrowd(one, 31)
  if (ava === undefined) throw new Error('nobody there')
  const story = await ava.tell({})
  const emoji = ['👍', '❤️', '😂', '😮', '😢', '🔥']
  const answers = await Promise.all(
    crowd.flatMap((person, at) =>
      emoji.map((item, turn) => {
        const caller = person.at((at + turn) % 2 === 0 ? one.api : two.api)
        return turn === 4 && at % 3 === 0
          ? caller.delete(`/stories/${story.id}/reactions`)
          : caller.post(`/stories/${story.id}/reactions`, { emoji: item })
      }),
    ),
  )
  expect(answers.filter(({ status }) => isBug(status))).toEqual([])
  const rows = await one.database.sql<{ emoji: string; n: number }[]>`
    select emoji, count(*)::int as n from reactions where story_id = ${story.id} group by emoji`
  const stored = Object.fromEntries([
    ...emoji.map((item) => [item, 0]),
    ...rows.map(({ emoji: e, n }) => [e, n]),
  ])
  const shown = (await ava.get(`/stories/${story.id}`)).as<Story>().counters.reactions
  expect(shown).toEqual(stored as typeof shown)
})

test('the same sign-up twenty times at once, on two instances, makes one account', async () => {
  const [one, two] = pair()
  await signUp(one.api, 'warm')
  const body = { email: 'twin@example.com', password: 'correct horse battery' }
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      (at % 2 === 0 ? one : two).api.call('POST', '/auth/signup', { body }),
    ),
  )
  expect(answers.map(({ status }) => status).toSorted()).toEqual([
    201,
    ...Array.from({ length: 19 }, () => 409),
  ])
})
