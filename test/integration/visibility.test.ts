import { describe, expect, test } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import { canView, type Visibility } from '../../src/features/stories/visibility'
import { newId } from '../../src/kernel/ids'
import { useStage } from '../support/context'
import { makeCrowd } from '../support/crowd'

/** One table of cases through every way to a story: the pure rule, single reads, and all lists agree. */

type Case = Readonly<{
  visibility: Visibility
  audience: 'none' | 'viewer' | 'somebody else'
  follows: boolean
  followedBack: boolean
  isAuthor: boolean
  state: 'active' | 'expired' | 'deleted'
}>

const stage = useStage()
const booleans = [true, false]

function* allCases(): Generator<Case> {
  for (const visibility of ['public', 'friends', 'private'] as const)
    for (const audience of ['none', 'viewer', 'somebody else'] as const)
      for (const follows of booleans)
        for (const followedBack of booleans)
          for (const isAuthor of booleans)
            for (const state of ['active', 'expired', 'deleted'] as const) {
              const isPossible =
                (audience === 'none' || visibility === 'friends') && !(isAuthor && (follows || followedBack))
              if (isPossible) yield { visibility, audience, follows, followedBack, isAuthor, state }
            }
}

describe.each(['following', 'mutual'] as const)('FRIENDS_RULE=%s', (rule) => {
  test('every way to a story shows it exactly when the rule does', async () => {
    const instance = stage.instance({ env: { FRIENDS_RULE: rule } })
    const { ctx, database } = instance
    const { sql } = database
    const cases = [...allCases()]
    expect(cases.length).toBeGreaterThan(60)
    const word = `word${rule}`
    const [viewer, other, ...authors] = await makeCrowd(instance, cases.length + 2)
    if (viewer === undefined || other === undefined) throw new Error('nobody there')
    const now = ctx.clock.now()
    const planned = cases.map((item, i) => {
      const author = item.isAuthor ? viewer : (authors[i] ?? viewer)
      const isFriend = rule === 'following' ? item.follows : item.follows && item.followedBack
      const thing = {
        authorId: author.id,
        visibility: item.visibility,
        hasAudience: item.audience !== 'none',
        expiresAt: new Date(now.getTime() + (item.state === 'expired' ? -1000 : 3_600_000)),
        deletedAt: item.state === 'deleted' ? now : null,
      }
      const relation = { isFriend, isInAudience: item.audience === 'viewer' }
      const ofOther = {
        isFriend: rule === 'following' ? !item.follows : !item.follows && !item.followedBack,
        isInAudience: item.audience === 'somebody else',
      }
      return {
        item,
        id: newId(),
        author,
        thing,
        expected: canView(viewer.id, thing, relation, now),
        expectedOfOther: canView(other.id, thing, ofOther, now),
      }
    })
    for (const { item, id, author, thing } of planned) {
      await sql`insert into stories (id, author_id, text, visibility, expires_at, deleted_at)
        values (${id}, ${author.id}, ${word}, ${item.visibility}, ${thing.expiresAt}, ${thing.deletedAt})`
      const listed = item.audience === 'viewer' ? viewer.id : other.id
      if (thing.hasAudience)
        await sql`insert into story_audience (story_id, user_id) values (${id}, ${listed})`
      // Whoever is not followed by, or does not follow, the viewer has somebody else there.
      await sql`insert into follows (follower_id, followee_id)
        values (${item.follows ? viewer.id : other.id}, ${author.id}), (${author.id}, ${item.followedBack ? viewer.id : other.id})
        on conflict do nothing`
    }
    const idsOf = async (path: string, limit?: number) =>
      new Set((await viewer.all<Story>(path, limit)).map((story) => story.id))
    const feed = await idsOf('/feed', 7)
    const found = await idsOf(`/search?q=${word}`, 7)
    const own = await idsOf('/me/stories')
    const tray = await viewer.all<{ author: { id: string }; stories: number }>('/feed/authors')

    // All at once and by two people, so that statements hold views of both, some of which may be and some not.
    const postAll = (person: typeof viewer, path: string, status: number, body?: object) =>
      Promise.all(
        planned.map(async ({ id }) => (await person.post(`/stories/${id}/${path}`, body)).status === status),
      )
    const [viewed, viewedByOther, reacted] = await Promise.all([
      postAll(viewer, 'view', 200),
      postAll(other, 'view', 200),
      postAll(viewer, 'reactions', 201, { emoji: '🔥' }),
    ])

    const wrong: object[] = []
    for (const [i, { item, id, author, expected, expectedOfOther }] of planned.entries()) {
      const isPrivate = item.visibility === 'private'
      const ways = {
        read: (await viewer.get(`/stories/${id}`)).status === 200,
        person: (await idsOf(`/users/${author.id}/stories`)).has(id),
        view: viewed[i],
        react: reacted[i],
        search: found.has(id),
        // Private stories are their author's alone, and not for the feed.
        feed: feed.has(id) || (isPrivate && expected),
        own: item.isAuthor ? own.has(id) : expected,
        tray: item.isAuthor
          ? expected
          : tray.some((entry) => entry.author.id === author.id) || (isPrivate && expected),
      }
      for (const [way, shown] of Object.entries(ways))
        if (shown !== expected) wrong.push({ way, shown, ...item })
      if (viewedByOther[i] !== expectedOfOther)
        wrong.push({ way: 'view', byOther: viewedByOther[i], ...item })
      if (isPrivate && feed.has(id)) wrong.push({ way: 'feed', private: true, ...item })
    }
    expect(wrong).toEqual([])
  })
})

test('a story that one may not see answers exactly as one that is not there', async () => {
  const instance = stage.instance()
  const [ava, ben] = await makeCrowd(instance, 2)
  if (ava === undefined || ben === undefined) throw new Error('nobody there')
  const hidden = await ava.tell({ visibility: 'private' })
  for (const path of [`/stories/${hidden.id}`, `/stories/${newId()}`]) {
    const answers = [
      await ben.get(path),
      await ben.delete(path),
      await ben.post(`${path}/view`),
      await ben.get(`${path}/viewers`),
      await ben.post(`${path}/reactions`, { emoji: '🔥' }),
      await ben.delete(`${path}/reactions`),
    ]
    expect(answers.map(({ status, code }) => [status, code])).toEqual(answers.map(() => [404, 'not_found']))
    const [first] = answers
    const { request_id: _, ...body } = JSON.parse(first?.text ?? '')
    expect(body).toMatchObject({ title: 'Not found', detail: 'There is nothing here that you may see.' })
  }
})
