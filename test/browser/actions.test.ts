import { describe, expect, test } from 'bun:test'
import { dropEnded, react, recordView } from '../../web/actions.ts'
import type { Emoji, Story } from '../../web/api-types.ts'
import type { Client } from '../../web/client.ts'
import { ApiProblem } from '../../web/problem.ts'
import { createStore } from '../../web/store.ts'

const NO_REACTIONS = { '👍': 0, '❤️': 0, '😂': 0, '😮': 0, '😢': 0, '🔥': 0 }

const storyOf = (id: string, expiresInMs: number) =>
  ({
    id,
    author_id: 'ava',
    expires_at: new Date(Date.now() + expiresInMs).toISOString(),
    counters: { views: 0, reactions: NO_REACTIONS },
    viewer: { has_viewed: false, reaction: null },
  }) as unknown as Story

type Call = { wanted: Emoji | null | 'view'; answer: PromiseWithResolvers<void> }

/** Ben, a reader of two stories, and a service that answers when the test says so. */
function setScene() {
  const calls: Call[] = []
  const call = (wanted: Call['wanted']) => {
    const answer = Promise.withResolvers<void>()
    calls.push({ wanted, answer })
    return answer.promise
  }
  let user = { id: 'ben' }
  const store = createStore({
    user,
    feedVersion: 0,
    stories: { lives: storyOf('lives', 60_000), ended: storyOf('ended', -1) } as Record<string, Story>,
  })
  const api = {
    react: (_id: string, emoji: Emoji) => call(emoji),
    takeReactionBack: () => call(null),
    view: () => call('view'),
  }
  const session = { user: () => user }
  const client = { store, api, session } as unknown as Client
  const shown = () => {
    const { counters, viewer } = store.get().stories.lives as Story
    return { mine: viewer.reaction, thumbs: counters.reactions['👍'], views: counters.views }
  }
  /** Somebody else logs in, as another tab does it: the page hears of it a little later. */
  const enter = (id: string) => {
    user = { id }
  }
  return { client, store, calls, shown, enter }
}

const settle = () => new Promise((resolve) => setTimeout(resolve))
const FAILURE = new ApiProblem(503, 'unavailable', 'no')

test('a story that ends leaves, and no list is loaded anew for it', () => {
  const { client, store } = setScene()
  dropEnded(client)
  expect(Object.keys(store.get().stories)).toEqual(['lives'])
  expect(store.get().feedVersion).toBe(0)
})

describe('reactions pressed faster than they are answered', () => {
  test('are sent one at a time, and the last one wins', async () => {
    const { client, calls, shown } = setScene()
    const first = react(client, 'lives', '👍')
    await react(client, 'lives', '🔥')
    await react(client, 'lives', null)
    expect(calls.map(({ wanted }) => wanted)).toEqual(['👍'])
    calls[0]?.answer.resolve()
    await settle()
    expect(calls.map(({ wanted }) => wanted)).toEqual(['👍', null])
    calls[1]?.answer.resolve()
    await first
    expect(shown()).toEqual({ mine: null, thumbs: 0, views: 0 })
  })

  test('go back to what the service last said when the last one fails', async () => {
    const { client, calls, shown } = setScene()
    const first = react(client, 'lives', '👍')
    await react(client, 'lives', null)
    calls[0]?.answer.resolve()
    await settle()
    calls[1]?.answer.reject(FAILURE)
    expect(await first.catch((error) => error.code)).toBe('unavailable')
    expect(shown()).toEqual({ mine: '👍', thumbs: 1, views: 0 })
  })

  test('do not show the failure of a wish that is none any more', async () => {
    const { client, calls, shown } = setScene()
    const first = react(client, 'lives', '🔥')
    await react(client, 'lives', '👍')
    calls[0]?.answer.reject(FAILURE)
    await settle()
    calls[1]?.answer.resolve()
    await first
    expect(shown()).toEqual({ mine: '👍', thumbs: 1, views: 0 })
  })

  test('are not sent in the name of who has logged in meanwhile, and change nothing of theirs', async () => {
    const { client, store, calls, enter } = setScene()
    const first = react(client, 'lives', '👍')
    await react(client, 'lives', '🔥')
    enter('cleo')
    const stories = { lives: storyOf('lives', 60_000) } as Record<string, Story>
    store.set({ user: { id: 'cleo' }, stories })
    const other = react(client, 'lives', '😮')
    calls[0]?.answer.reject(FAILURE)
    await first
    expect(calls.map(({ wanted }) => wanted)).toEqual(['👍', '😮'])
    expect(store.get().stories.lives?.viewer.reaction).toBe('😮')
    calls[1]?.answer.resolve()
    await other
    expect(calls).toHaveLength(2)
  })

  test('are not sent at all once another tab has changed the session', async () => {
    const { client, calls, enter } = setScene()
    enter('cleo')
    await react(client, 'lives', '👍')
    expect(calls).toEqual([])
  })
})

test('a view that could not be recorded leaves a reaction of that time alone', async () => {
  const { client, calls, shown } = setScene()
  const view = recordView(client, 'lives')
  const reaction = react(client, 'lives', '👍')
  calls[1]?.answer.resolve()
  await reaction
  calls[0]?.answer.reject(FAILURE)
  await view
  expect(shown()).toEqual({ mine: '👍', thumbs: 1, views: 0 })
})
