import fc from 'fast-check'
import type { FriendsRule } from '../../src/config'

/** The service in a few lines: who follows whom, which stories there are, and who sees them; and random histories of it. */

/** An author, a friend, and one more who may be in the audience or not. */
export const PEOPLE = 3
export const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🔥'] as const
export const TTL_SECONDS = 3600
/** Just before a story ends, just over it while a page may still be warm, and far beyond. */
const PASSES_SECONDS = [TTL_SECONDS - 15, 20, TTL_SECONDS + 60] as const
const STEPS_MAX = Number(process.env.MODEL_STEPS ?? 16)
const STEPS_MIN = Math.min(8, STEPS_MAX)

/** Half of the stories are for friends, and half of those for some of them: that is where the rules differ. */
const VISIBILITIES = ['public', 'friends', 'friends', 'private'] as const

export type ModelStory = {
  id: string
  author: number
  visibility: 'public' | 'friends' | 'private'
  audience: readonly number[] | null
  expiresAtMs: number
  isDeleted: boolean
  views: Set<number>
  reactions: Map<number, string>
}

export type Model = { follows: Set<string>; stories: ModelStory[]; rule: FriendsRule; nowMs: number }

export const isActive = (model: Model, story: ModelStory) =>
  !story.isDeleted && story.expiresAtMs > model.nowMs
const isFriend = ({ follows, rule }: Model, viewer: number, author: number) =>
  follows.has(`${viewer} ${author}`) && (rule === 'following' || follows.has(`${author} ${viewer}`))

/** The permission rule, said once more in other words. */
export function sees(model: Model, viewer: number, story: ModelStory): boolean {
  if (!isActive(model, story)) return false
  if (story.author === viewer || story.visibility === 'public') return true
  if (story.visibility === 'private') return false
  return story.audience === null ? isFriend(model, viewer, story.author) : story.audience.includes(viewer)
}

const who = fc.nat({ max: PEOPLE - 1 })
const which = fc.nat({ max: 30 })
const steps = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('follow' as const), a: who, b: who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('unfollow' as const), a: who, b: who }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      a: who,
      visibility: fc.constantFrom(...VISIBILITIES),
      audience: fc.option(fc.uniqueArray(who, { minLength: 1, maxLength: 3 }), { freq: 1 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), a: who, story: which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      seconds: fc.constantFrom(...PASSES_SECONDS),
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
export type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never

/** Who follows whom from the start: without it the rules for friends would rarely have anybody to refuse. */
const start = fc.subarray(
  Array.from({ length: PEOPLE ** 2 }, (_, at) => ({ a: Math.floor(at / PEOPLE), b: at % PEOPLE })).filter(
    ({ a, b }) => a !== b,
  ),
  { minLength: PEOPLE },
)
export const histories = fc.record({
  start,
  steps: fc.array(steps, { minLength: STEPS_MIN, maxLength: STEPS_MAX, size: 'max' }),
})
