import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { expireStories } from '../../src/features/expiry/expire-stories'
import type { Story } from '../../src/features/stories/schema'
import { useStage } from '../support/context'
import { makeCrowd } from '../support/crowd'
import {
  EMOJI,
  histories,
  isActive,
  type Model,
  type ModelStory,
  PEOPLE,
  type Step,
  sees,
  TTL_SECONDS,
} from '../support/model'
import type { Person } from '../support/people'
import { createSteeredClock, HOUR, SECOND } from '../support/steered-clock'

/**
 * Random histories against a model of a few lines: after each step every list, every story and every count is what the
 * model says, for everybody, with warm pages too.
 */

const RUNS = Number(process.env.MODEL_RUNS ?? 25)
const WIDE = Object.fromEntries(
  ['STORIES', 'REACTIONS', 'SEARCH', 'FOLLOWS', 'SIGNUPS'].map((name) => [
    `RATE_LIMIT_${name}_PER_MIN`,
    '1000000',
  ]),
)

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
      fc.asyncProperty(histories, async (history) => {
        await instance.database.sql`update stories set deleted_at = now() where deleted_at is null`
        const people = await makeCrowd(instance, PEOPLE)
        const model: Model = { follows: new Set(), stories: [], rule, nowMs: clock.now().getTime() }
        for (const { a, b } of history.start) await take({ do: 'follow', a, b }, model, people)
        for (const [at, step] of history.steps.entries()) {
          await take(step, model, people)
          if (step.do === 'pass') {
            clock.advanceMs(step.seconds * SECOND)
            model.nowMs = clock.now().getTime()
            if (step.sweep) await expireStories(instance.ctx)
          }
          await compare(model, people, at)
        }
        // Time between two histories, so that they share no page.
        clock.advanceMs(HOUR / 60)
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
      const list = async (path: string) => (await person.get(path)).as<{ items: Story[] }>().items
      const ids = async (path: string) => (await list(path)).map((item) => item.id)
      // A page of a size that nobody has asked for is a cold one; the other is as warm as it may be.
      const [cold, warm, matches] = await Promise.all([
        ids(`/feed?limit=${50 + at}`),
        list('/feed'),
        ids('/search?q=model&limit=100'),
      ])
      expect(cold.toSorted()).toEqual(inFeed.toSorted())
      expect(warm.map((item) => item.id).filter((id) => !inFeed.includes(id))).toEqual([])
      compareOwnDeeds(model, viewer, warm)
      expect(matches.toSorted()).toEqual(visible.map((story) => story.id).toSorted())
      await Promise.all(model.stories.map((story) => compareStory(model, person, viewer, story)))
      await compareStats(model, person, viewer)
    }),
  )
}

/** A warm page may lag in what others did, never in what the viewer did. */
function compareOwnDeeds(model: Model, viewer: number, warm: readonly Story[]): void {
  const shown = new Map(warm.map((item) => [item.id, item.viewer]))
  for (const story of model.stories) {
    const seen = shown.get(story.id)
    if (seen !== undefined) expect(seen).toEqual(deedsOf(story, viewer))
    const isOwn = story.author === viewer && isActive(model, story) && story.visibility !== 'private'
    if (isOwn) expect(seen).toBeDefined()
  }
}

const deedsOf = (story: ModelStory, viewer: number): Story['viewer'] => ({
  has_viewed: story.views.has(viewer),
  reaction: (story.reactions.get(viewer) ?? null) as Story['viewer']['reaction'],
})

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
  expect(seen).toEqual(deedsOf(story, viewer))
}

async function compareStats(model: Model, person: Person, author: number): Promise<void> {
  const mine = model.stories.filter((story) => story.author === author)
  const stats = (await person.get('/me/stats')).as<Record<string, unknown>>()
  expect(stats.posted).toBe(mine.length)
  expect(stats.views).toBe(mine.reduce((sum, story) => sum + others(story, story.views).length, 0))
  expect(stats.unique_viewers).toBe(new Set(mine.flatMap((story) => others(story, story.views))).size)
  expect(stats.reactions).toEqual(countEmoji(mine.flatMap(emojiOf)))
}
