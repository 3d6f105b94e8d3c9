import type { Session } from '../../src/features/accounts/schema'
import type { Story } from '../../src/features/stories/schema'
import type { Page } from '../../src/kernel/cursor'
import type { Answer, Api, CallOptions } from './api'

/** Somebody who signed up through the service, and everything they can ask it. */
export type Person = Readonly<{
  id: string
  handle: string
  email: string
  token: string
  refreshToken: string
  get(path: string, options?: CallOptions): Promise<Answer>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  delete(path: string): Promise<Answer>
  /** The same person at another instance. */
  at(api: Api): Person
  /** The same person with another access token. */
  with(token: string): Person
  /** Posts a story that has to be accepted. */
  tell(story: Readonly<Record<string, unknown>> & { text?: string }): Promise<Story>
  follow(other: { id: string }): Promise<void>
  unfollow(other: { id: string }): Promise<void>
  /** All items of a list, page by page; fails when it does not end. */
  all<T>(path: string, limit?: number): Promise<T[]>
}>

export const PASSWORD = 'correct horse battery'
let signedUp = 0

/** Signs one person up; `name` is the start of the handle. */
export async function signUp(api: Api, name: string): Promise<Person> {
  const handle = `${name}_up_${++signedUp}`
  const body = { email: `${handle}@example.com`, password: PASSWORD, handle }
  const session = (await api.call('POST', '/auth/signup', { body })).as<Session>(201)
  return personOf(api, session)
}

export function personOf(api: Api, session: Session): Person {
  const { user, access_token: token, refresh_token: refreshToken } = session
  return actor(api, { id: user.id, handle: user.handle, email: user.email, token, refreshToken })
}

type Identity = Pick<Person, 'id' | 'handle' | 'email' | 'token' | 'refreshToken'>

function actor(api: Api, identity: Identity): Person {
  const { token } = identity
  const get = (path: string, options: CallOptions = {}) => api.call('GET', path, { token, ...options })
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    api.call('POST', path, { token, body, headers })
  const remove = (path: string) => api.call('DELETE', path, { token })
  return {
    ...identity,
    get,
    post,
    delete: remove,
    at: (other) => actor(other, identity),
    with: (other) => actor(api, { ...identity, token: other }),
    async tell(story) {
      const given = {
        visibility: 'public',
        ...(story.media_key === undefined ? { text: 'hello' } : {}),
        ...story,
      }
      return (await post('/stories', given)).as<Story>(201)
    },
    async follow(other) {
      const { status, text } = await post(`/follow/${other.id}`)
      if (status !== 201 && status !== 200) throw new Error(`follow: ${status} ${text}`)
    },
    async unfollow(other) {
      ;(await remove(`/follow/${other.id}`)).as(204)
    },
    async all<T>(path: string, limit = 100): Promise<T[]> {
      const items: T[] = []
      let cursor: string | null = null
      for (let pages = 0; pages < 500; pages++) {
        const query = `limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`
        const page: Page<T> = (await get(`${path}${path.includes('?') ? '&' : '?'}${query}`)).as<Page<T>>()
        items.push(...page.items)
        cursor = page.next_cursor
        if (cursor === null) return items
      }
      throw new Error(`${path} does not end`)
    },
  }
}
