import { describe, expect, test } from 'bun:test'
import type { Reaction } from '../../src/features/reactions/schema'
import type { Story } from '../../src/features/stories/schema'
import { EMOJI } from '../../src/kernel/emoji'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { eventsOf, reactionCounts, statsOf } from '../support/facts'
import type { Person } from '../support/people'

/** Reactions: one a person and story, replaced and taken back, counted right in every race. */

const stage = useStage()
const countersOf = async (person: Person, id: string) =>
  (await person.get(`/stories/${id}`)).as<Story>().counters.reactions

describe('a reaction', () => {
  test('is 201 first, 200 after; another replaces it and the same again changes nothing', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const story = await ava.tell({})
    const react = (emoji: string) => ben.post(`/stories/${story.id}/reactions`, { emoji })
    const first = (await react('👍')).as<Reaction>(201)
    expect(first).toMatchObject({ story_id: story.id, user_id: ben.id, emoji: '👍' })
    expect((await react('👍')).as<Reaction>(200)).toEqual(first)
    const second = (await react('\u2764')).as<Reaction>(200)
    expect([second.id, second.emoji]).toEqual([first.id, '❤️'])
    expect(await countersOf(ava, story.id)).toEqual(reactionCounts({ '❤️': 1 }))
    expect((await eventsOf(stage.database(), ava.id)).map(({ data }) => data.emoji)).toEqual(['👍', '❤️'])
    expect((await statsOf(ava)).reactions).toEqual(reactionCounts({ '❤️': 1 }))
  })

  test('that is taken back is gone from counters and stats; doing so twice does no harm', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const story = await ava.tell({})
    ;(await ben.post(`/stories/${story.id}/reactions`, { emoji: '🔥' })).as(201)
    for (let i = 0; i < 2; i++) (await ben.delete(`/stories/${story.id}/reactions`)).as(204)
    expect(await countersOf(ava, story.id)).toEqual(reactionCounts({}))
    expect((await statsOf(ava)).reactions).toEqual(reactionCounts({}))
    expect((await ben.post(`/stories/${story.id}/reactions`, { emoji: '🔥' })).status).toBe(201)
  })

  test('to one’s own story is kept, but neither counted nor told', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    const story = await ava.tell({})
    ;(await ava.post(`/stories/${story.id}/reactions`, { emoji: '🔥' })).as(201)
    ;(await ava.post(`/stories/${story.id}/reactions`, { emoji: '😢' })).as(200)
    const seen = (await ava.get(`/stories/${story.id}`)).as<Story>()
    expect([seen.viewer.reaction, seen.counters.reactions]).toEqual(['😢', reactionCounts({})])
    expect(await eventsOf(stage.database(), ava.id)).toEqual([])
    expect((await statsOf(ava)).reactions).toEqual(reactionCounts({}))
  })

  test.each(['🎉', '', 'x', '👍👍', '👍🏽'])('of %p is refused', async (emoji) => {
    const [ava] = await cast(stage.instance(), 'ava')
    const story = await ava.tell({})
    const answer = await ava.post(`/stories/${story.id}/reactions`, { emoji })
    expect([answer.status, answer.code]).toEqual([422, 'validation_failed'])
  })
})

describe('reactions at once', () => {
  test('of one person with every emoji leave one, counted once', async () => {
    const instances = [stage.instance(), stage.instance()] as const
    const [ava, ben] = await cast(instances[0], 'ava', 'ben')
    const story = await ava.tell({})
    const answers = await Promise.all(
      Array.from({ length: 36 }, (_, i) =>
        ben
          .at(instances[i % 2 ? 1 : 0].api)
          .post(`/stories/${story.id}/reactions`, { emoji: EMOJI[Math.floor(i / 2) % EMOJI.length] }),
      ),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([...Array.from({ length: 35 }, () => 200), 201])
    const seen = (await ben.get(`/stories/${story.id}`)).as<Story>()
    expect(seen.counters.reactions).toEqual(reactionCounts({ [seen.viewer.reaction ?? '']: 1 }))
    const events = await eventsOf(stage.database(), ava.id)
    expect(events.at(-1)?.data.emoji).toBe(seen.viewer.reaction ?? '')
    const repeats = events.filter((event, i) => event.data.emoji === events[i - 1]?.data.emoji)
    expect(repeats).toEqual([])
  })

  test('of forty people who react, change and take back are counted as they stand in the end', async () => {
    const instance = stage.instance()
    const [ava] = await cast(instance, 'ava')
    const crowd = await makeCrowd(instance, 40)
    const story = await ava.tell({})
    await Promise.all(
      crowd.map(async (person, i) => {
        const path = `/stories/${story.id}/reactions`
        await person.post(path, { emoji: EMOJI[i % 6] })
        await person.post(path, { emoji: EMOJI[(i + 1) % 6] })
        if (i % 4 === 0) await person.delete(path)
      }),
    )
    const rows = await stage.database().sql<{ emoji: string; n: number }[]>`
      select emoji, count(*)::int as n from reactions where story_id = ${story.id} group by emoji`
    const expected = reactionCounts(Object.fromEntries(rows.map(({ emoji, n }) => [emoji, n])))
    expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(30)
    expect(await countersOf(ava, story.id)).toEqual(expected)
    expect((await statsOf(ava)).reactions).toEqual(expected)
  })
})
