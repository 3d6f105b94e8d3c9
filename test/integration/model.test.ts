import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { FriendsRule } from '../../src/config'
import { expireStories } from '../../src/features/expiry/expire-stories'
import type { Story } from '../../src/features/stories/schema'
import { useStage } from '../support/context'
import { makeCrowd } from '../support/crowd'
import type { Person } from '../support/people'
import { createSteeredClock, HOUR, MINUTE } from '../support/steered-clock'

/**
 * Random histories against a model of a few lines: after each step every list, every story and every count is what the
 * model says, for everybody, with warm pages too.
 */

const PEOPLE = 4
const TTL_SECONDS = 3600
const RUNS = Number(process.env.MODEL_RUNS ?? 12)
const STEPS_MAX = Number(process.env.MODEL_STEPS ?? 14)
const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🔥'] as const
const WIDE = Object.fromEntries(
  ['STORIES', 'REACTIONS', 'SEARCH', 'FOLLOWS', 'SIGNUPS'].map((name) => [
    `RATE_LIMIT_${name}_PER_MIN`,
    '1000000',
  ]),
)

type ModelStory = {
  id: string
  author: number
  visibility: 'public' | 'friends' | 'private'
  audience: readonly number[] | null
  expiresAtMs: number
  isDeleted: boolean
  views: Set<number>
  reactions: Map<number, string>
}

type Model = { follows: Set<string>; stories: ModelStory[]; rule: FriendsRule; nowMs: number }

const isActive = (model: Model, story: ModelStory) => !story.isDeleted && story.expiresAtMs > model.nowMs
const isFriend = ({ follows, rule }: Model, viewer: number, author: number) =>
  follows.has(`${viewer} ${author}`) && (rule === 'following' || follows.has(`${author} ${viewer}`))

/** The permission rule, said once more in other words. */
function sees(model: Model, viewer: number, story: ModelStory): boolean {
  if (!isActive(model, story)) return false
  if (story.author === viewer || story.visibility === 'public') return true
  if (story.visibility === 'private') return false
  return story.audience === null ? isFriend(model, viewer, story.author) : story.audience.includes(viewer)
}

const who = fc.nat({ max: PEOPLE - 1 })
const which = fc.nat({ max: 30 })
const steps = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('follow' as const), a: who, b: who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unfollow' as const), a: who, b: who }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      a: who,
      visibility: fc.constantFrom('public' as const, 'friends' as const, 'private' as const),
      audience: fc.option(fc.uniqueArray(who, { minLength: 1, maxLength: 3 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), a: who, story: which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      minutes: fc.integer({ min: 1, max: 40 }),
      sweep: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('view' as const), a: who, story: which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('react' as const),
      a: who,
      story: which,
      emoji: fc.constantFrom(...EMOJI),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unreact' as const), a: who, story: which }) },
)
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never

const stage = useStage()

describe.each(['following', 'mutual'] as const)('FRIENDS_RULE=%s', (rule) => {
  test('every history agrees with the model, in every list, for everybody', async () => {
    const clock = createSteeredClock()
    const env = {
      ...WIDE,
      FRIENDS_RULE: rule,
      STORY_TTL_SECONDS: String(TTL_SECONDS),
      ACCESS_TOKEN_TTL_SECONDS: '86400',
    }
    const instance = stage.instance({ clock, env })
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 4, maxLength: STEPS_MAX }), async (history) => {
        await instance.database.sql`update stories set deleted_at = now() where deleted_at is null`
        const people = await makeCrowd(instance, PEOPLE)
        const model: Model = { follows: new Set(), stories: [], rule, nowMs: clock.now().getTime() }
        for (const [at, step] of history.entries()) {
          await take(step, model, people)
          if (step.do === 'pass') {
            clock.advance(step.minutes * MINUTE)
            model.nowMs = clock.now().getTime()
            if (step.sweep) await expireStories(instance.ctx)
          }
          await compare(model, people, at)
        }
        // Time between two histories, so that they share no page.
        clock.advance(HOUR / 60)
      }),
      { numRuns: RUNS },
    )
  }, 120_000)
})

/** Does the step at the service and in the model; what the model forbids the service must refuse in the same way. */
async function take(step: Step, model: Model, people: readonly Person[]): Promise<void> {
  const person = (at: number) => people[at] as Person
  const found = (at: number) => model.stories[at % Math.max(1, model.stories.length)]
  switch (step.do) {
    case 'pass':
      return
    case 'follow': {
      const { status } = await person(step.a).post(`/follow/${person(step.b).id}`)
      const link = `${step.a} ${step.b}`
      expect(status).toBe(step.a === step.b ? 422 : model.follows.has(link) ? 200 : 201)
      if (step.a !== step.b) model.follows.add(link)
      return
    }
    case 'unfollow':
      expect((await person(step.a).delete(`/follow/${person(step.b).id}`)).status).toBe(204)
      model.follows.delete(`${step.a} ${step.b}`)
      return
    case 'post': {
      const audience = step.visibility === 'friends' ? step.audience : null
      const story = await person(step.a).tell({
        text: `model story ${model.stories.length}`,
        visibility: step.visibility,
        ...(audience === null ? {} : { audience_user_ids: audience.map((at) => person(at).id) }),
      })
      const expiresAtMs = Date.parse(story.expires_at)
      expect(expiresAtMs).toBe(model.nowMs + TTL_SECONDS * 1000)
      model.stories.push({
        id: story.id,
        author: step.a,
        visibility: step.visibility,
        audience,
        expiresAtMs,
        isDeleted: false,
        views: new Set(),
        reactions: new Map(),
      })
      return
    }
    default: {
      const story = found(step.story)
      if (story === undefined) return
      const can = sees(model, step.a, story)
      const path = `/stories/${story.id}`
      if (step.do === 'delete') {
        const { status } = await person(step.a).delete(path)
        expect(status).toBe(!can ? 404 : story.author === step.a ? 204 : 403)
        if (can && story.author === step.a) story.isDeleted = true
      } else if (step.do === 'view') {
        expect((await person(step.a).post(`${path}/view`)).status).toBe(can ? 200 : 404)
        if (can) story.views.add(step.a)
      } else if (step.do === 'react') {
        const { status } = await person(step.a).post(`${path}/reactions`, { emoji: step.emoji })
        expect(status).toBe(!can ? 404 : story.reactions.has(step.a) ? 200 : 201)
        if (can) story.reactions.set(step.a, step.emoji)
      } else {
        expect((await person(step.a).delete(`${path}/reactions`)).status).toBe(can ? 204 : 404)
        if (can) story.reactions.delete(step.a)
      }
    }
  }
}

async function compare(model: Model, people: readonly Person[], at: number): Promise<void> {
  await Promise.all(
    people.map(async (person, viewer) => {
      const visible = model.stories.filter((story) => sees(model, viewer, story))
      const inFeed = visible.filter((story) => story.visibility !== 'private').map((story) => story.id)
      const ids = async (path: string) =>
        (await person.get(path)).as<{ items: Story[] }>().items.map((item) => item.id)
      // A page of a size that nobody has asked for is a cold one; the other is as warm as it may be.
      const [cold, warm, matches] = await Promise.all([
        ids(`/feed?limit=${50 + at}`),
        ids('/feed'),
        ids('/search?q=model&limit=100'),
      ])
      expect(cold.toSorted()).toEqual(inFeed.toSorted())
      expect(warm.filter((id) => !inFeed.includes(id))).toEqual([])
      expect(matches.toSorted()).toEqual(visible.map((story) => story.id).toSorted())
      await Promise.all(model.stories.map((story) => compareStory(model, person, viewer, story)))
      await compareStats(model, person, viewer)
    }),
  )
}

const others = (story: ModelStory, people: Iterable<number>) =>
  [...people].filter((at) => at !== story.author)
const countEmoji = (given: readonly string[]) =>
  Object.fromEntries(EMOJI.map((emoji) => [emoji, given.filter((item) => item === emoji).length]))
const emojiOf = (story: ModelStory) =>
  others(story, story.reactions.keys()).map((at) => story.reactions.get(at) ?? '')

async function compareStory(model: Model, person: Person, viewer: number, story: ModelStory): Promise<void> {
  const answer = await person.get(`/stories/${story.id}`)
  if (!sees(model, viewer, story)) return expect(answer.status).toBe(404)
  const { counters, viewer: seen } = answer.as<Story>()
  expect(counters).toEqual({
    views: others(story, story.views).length,
    reactions: countEmoji(emojiOf(story)) as Story['counters']['reactions'],
  })
  expect(seen).toEqual({
    has_viewed: story.views.has(viewer),
    reaction: (story.reactions.get(viewer) ?? null) as Story['viewer']['reaction'],
  })
}

async function compareStats(model: Model, person: Person, author: number): Promise<void> {
  const mine = model.stories.filter((story) => story.author === author)
  const stats = (await person.get('/me/stats')).as<Record<string, unknown>>()
  expect(stats.posted).toBe(mine.length)
  expect(stats.views).toBe(mine.reduce((sum, story) => sum + others(story, story.views).length, 0))
  expect(stats.unique_viewers).toBe(new Set(mine.flatMap((story) => others(story, story.views))).size)
  expect(stats.reactions).toEqual(countEmoji(mine.flatMap(emojiOf)))
}
