import { describe, expect, test } from 'bun:test'
import type { NewStory, Story } from '../../web/api-types.ts'
import type { App } from '../../web/app.ts'
import { openDraft } from '../../web/draft.ts'
import { ApiProblem } from '../../web/problem.ts'

const A: NewStory = { text: 'A', visibility: 'public' }
const B: NewStory = { text: 'B', visibility: 'public' }

/** A draft of ava's whose calls are answered when the test says so. */
function setScene() {
  let user = { id: 'ava' }
  const calls: { body: NewStory; key: string; answer: PromiseWithResolvers<Story> }[] = []
  const postStory = (body: NewStory, key: string) => {
    const answer = Promise.withResolvers<Story>()
    calls.push({ body, key, answer })
    return answer.promise
  }
  const client = { api: { postStory }, store: { get: () => ({ user }) }, session: { user: () => user } }
  const enter = (id: string) => {
    user = { id }
  }
  return { draft: openDraft({ client } as unknown as App), calls, enter }
}

const settle = () => new Promise((resolve) => setTimeout(resolve))

// Bun has a navigator that says nothing of the network, and a draft is tried again only where there is one.
Object.defineProperty(navigator, 'onLine', { value: true, configurable: true })

describe('a draft that is being sent', () => {
  test('is joined by the same content', async () => {
    const { draft, calls } = setScene()
    const posts = [draft.post(A), draft.post({ ...A })]
    await settle()
    expect(calls).toHaveLength(1)
    calls[0]?.answer.resolve({ id: 'a' } as Story)
    expect((await Promise.all(posts)).map((story) => story.id)).toEqual(['a', 'a'])
  })

  test('does not swallow other content: that is sent next, with a key of its own', async () => {
    const { draft, calls } = setScene()
    const [first, second] = [draft.post(A), draft.post(B)]
    await settle()
    expect(calls.map(({ body }) => body)).toEqual([A])
    calls[0]?.answer.resolve({ id: 'a' } as Story)
    expect((await first).id).toBe('a')
    await settle()
    expect(calls.map(({ body }) => body)).toEqual([A, B])
    expect(calls[1]?.key).not.toBe(calls[0]?.key as string)
    calls[1]?.answer.resolve({ id: 'b' } as Story)
    expect((await second).id).toBe('b')
  })

  test('and fails lets other content be sent all the same', async () => {
    const { draft, calls } = setScene()
    const [first, second] = [draft.post(A), draft.post(B)]
    await settle()
    calls[0]?.answer.reject(new ApiProblem(422, 'invalid', 'no'))
    expect(await first.catch((error) => error.code)).toBe('invalid')
    await settle()
    calls[1]?.answer.resolve({ id: 'b' } as Story)
    expect((await second).id).toBe('b')
  })

  test('is not tried again in the name of who has logged in meanwhile', async () => {
    const { draft, calls, enter } = setScene()
    const post = draft.post(A)
    await settle()
    enter('ben')
    calls[0]?.answer.reject(new ApiProblem(503, 'unavailable', 'no'))
    expect(await post.catch((error) => error.code)).toBe('signed_out')
    expect(calls).toHaveLength(1)
  })

  test('does not send what waits for it in the name of who has logged in meanwhile', async () => {
    const { draft, calls, enter } = setScene()
    const [first, second] = [draft.post(A), draft.post(B)]
    await settle()
    enter('ben')
    calls[0]?.answer.resolve({ id: 'a' } as Story)
    expect((await first).id).toBe('a')
    expect(await second.catch((error) => error.code)).toBe('signed_out')
    expect(calls).toHaveLength(1)
  })
})
