/** The calls of the service, one short function each, typed from `api-types.ts`. */
import type * as T from './api-types.ts'
import type { Send, SendOptions } from './http.ts'
import { ApiProblem } from './problem.ts'
import type { Session } from './session.ts'

export type Api = ReturnType<typeof createApi>

type PageQuery = { cursor?: string | null; limit?: number }

/** Binds the calls to a session: each one carries a good token, and a refused token is exchanged once. */
export function createApi(send: Send, session: Session) {
  async function call<Answer>(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const userId = session.user()?.id
    const token = await session.token()
    try {
      return await send<Answer>(method, path, { ...options, token })
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 401) throw error
      // Whoever has logged in meanwhile did not ask for this.
      if (session.user()?.id !== userId) throw error
      return send<Answer>(method, path, { ...options, token: await session.token(token) })
    }
  }
  const get = <Answer>(path: string, signal?: AbortSignal) => call<Answer>('GET', path, { signal })
  const page = <Item>(path: string, query: PageQuery, extra: Record<string, string> = {}) =>
    get<T.Page<Item>>(withQuery(path, { ...extra, limit: query.limit, cursor: query.cursor }))

  return {
    signUp: (body: { email: string; password: string; handle?: string }) =>
      send<T.Session>('POST', '/auth/signup', { body }),
    logIn: (body: { email: string; password: string }) => send<T.Session>('POST', '/auth/login', { body }),

    feed: (query: PageQuery) => page<T.Story>('/feed', query),
    tray: (query: PageQuery) => page<T.TrayEntry>('/feed/authors', query),
    myStories: (query: PageQuery) => page<T.Story>('/me/stories', query),
    storiesOf: (userId: string, query: PageQuery) => page<T.Story>(`/users/${userId}/stories`, query),
    search: (q: string, query: PageQuery) => page<T.FoundStory>('/search', query, { q }),
    stats: () => get<T.Stats>('/me/stats'),

    story: (id: string) => get<T.Story>(`/stories/${id}`),
    postStory: (body: T.NewStory, idempotencyKey: string, signal?: AbortSignal) =>
      call<T.Story>('POST', '/stories', { body, signal, headers: { 'Idempotency-Key': idempotencyKey } }),
    deleteStory: (id: string) => call<void>('DELETE', `/stories/${id}`),
    view: (id: string) => call<T.View>('POST', `/stories/${id}/view`),
    viewers: (id: string, query: PageQuery) => page<T.StoryViewer>(`/stories/${id}/viewers`, query),
    react: (id: string, emoji: T.Emoji) =>
      call<T.Reaction>('POST', `/stories/${id}/reactions`, { body: { emoji } }),
    takeReactionBack: (id: string) => call<void>('DELETE', `/stories/${id}/reactions`),
    requestUpload: (body: { content_type: string; size: number }) =>
      call<T.Upload>('POST', '/media/uploads', { body }),

    follow: (userId: string) => call<void>('POST', `/follow/${userId}`),
    unfollow: (userId: string) => call<void>('DELETE', `/follow/${userId}`),
    following: (query: PageQuery) => page<T.FollowedPerson>('/me/following', query),
    followers: (query: PageQuery) => page<T.FollowedPerson>('/me/followers', query),
    findPeople: (q: string, query: PageQuery) => page<T.FoundPerson>('/users', query, { q }),
    person: (id: string) => get<T.Person>(`/users/${id}`),
  }
}

function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
  const used = Object.entries(query).filter(([, value]) => value !== null && value !== undefined)
  const text = new URLSearchParams(used.map(([name, value]) => [name, String(value)])).toString()
  return text ? `${path}?${text}` : path
}
