/** One signed-in (or signed-out) person: session, calls, live events and state, put together. */
import { type Api, createApi } from './api.ts'
import type { Emoji, Story, User } from './api-types.ts'
import { followEvents, type LiveEvent, type LiveState } from './events.ts'
import { type Call, createSend } from './http.ts'
import { createPeople, type People } from './people-names.ts'
import { createSession, type Session } from './session.ts'
import { type Listener, shareEvents } from './shared-events.ts'
import { createStore, type Store } from './store.ts'
import type { Keep, Vault } from './vault.ts'

export type Activity = {
  id: string
  kind: 'viewed' | 'reacted'
  storyId: string
  personId: string
  handle: string
  emoji: Emoji | null
  at: string
}

export type State = {
  user: User | null
  online: boolean
  live: LiveState
  /** What happened on the user's own stories, newest first. */
  activity: readonly Activity[]
  unread: number
  /** Every story seen so far by id, so that one change shows wherever the story is drawn. */
  stories: Readonly<Record<string, Story>>
  /** Until when the service asked to wait (429), in milliseconds since the epoch. */
  waitUntilMs: number
  /** Grows when lists of stories are out of date. */
  feedVersion: number
}

export type Client = {
  name: string
  store: Store<State>
  api: Api
  session: Session
  people: People
  keep: Keep
  /** Reports a call that was not made through `api`: an upload to the object store. */
  report(call: Omit<Call, 'account'>): void
}

export type ClientOptions = {
  name: string
  vault: Vault
  keep: Keep
  /** Whether the event stream is shared with the other tabs of this browser. */
  sharesEvents: boolean
  onCall?(call: Call): void
  onEvent?(event: LiveEvent): void
}

const ACTIVITY_MAX = 60

/** Makes a client that follows its user's events for as long as somebody is signed in. */
export function createClient(options: ClientOptions): Client {
  const { name, vault, keep } = options
  const report = (call: Omit<Call, 'account'>) => options.onCall?.({ ...call, account: name })
  const send = createSend(report)
  const session = createSession(vault, send)
  const api = createApi(send, session)
  const store = createStore<State>({
    user: session.user(),
    online: navigator.onLine,
    live: 'off',
    activity: [],
    unread: 0,
    stories: {},
    waitUntilMs: 0,
    feedVersion: 0,
  })
  const client: Client = { name, store, api, session, keep, people: createPeople(api), report }

  let leaving = new AbortController()
  const enter = (user: User | null) => {
    leaving.abort()
    leaving = new AbortController()
    if (user) follow(client, options, user, leaving.signal)
  }
  const forever = new AbortController().signal
  session.onChange(() => {
    const user = session.user()
    if (user?.id !== store.get().user?.id) {
      // Whoever was here leaves before another comes: what watched for the one is not told of the other.
      store.set({ user: null, stories: {}, unread: 0, activity: [], waitUntilMs: 0, live: 'off' })
      client.people.forget()
      store.set({ user })
    }
  }, forever)
  store.watch((state) => state.user, enter, forever)
  addEventListener('online', () => store.set({ online: true }))
  addEventListener('offline', () => store.set({ online: false }))
  return client
}

function follow(client: Client, options: ClientOptions, user: User, signal: AbortSignal): void {
  const { store, session, keep } = client
  const positionName = `stories.position.${user.id}`
  const activityName = `stories.activity.${user.id}`
  store.set({ activity: keep.read<Activity[]>(activityName) ?? [] })

  const listener: Listener = {
    onState: (live) => store.set({ live }),
    async onEvent(event) {
      options.onEvent?.(event)
      if (event.type === 'stream.reset') return store.set({ feedVersion: store.get().feedVersion + 1 })
      const activity = [toActivity(event), ...store.get().activity].slice(0, ACTIVITY_MAX)
      store.set({ activity, unread: store.get().unread + 1 })
      keep.write(activityName, activity)
      void refreshCounters(client, event.data.story_id)
      const handle = await client.people.handleOf(activity[0]?.personId ?? '')
      const named = store
        .get()
        .activity.map((item) => (item.id === event.id ? { ...item, handle: `@${handle}` } : item))
      if (signal.aborted) return
      store.set({ activity: named })
      keep.write(activityName, named)
    },
  }
  const lead = (to: Listener, leadSignal: AbortSignal) =>
    followEvents({
      token: () => session.token(),
      renewInMs: () => session.renewInMs(),
      position: { read: () => keep.read<string>(positionName), write: (id) => keep.write(positionName, id) },
      onEvent: to.onEvent,
      onState: to.onState,
      signal: leadSignal,
    })
  if (options.sharesEvents) shareEvents(`stories.events.${user.id}`, lead, listener, signal)
  else lead(listener, signal)
}

function toActivity(event: Exclude<LiveEvent, { type: 'stream.reset' }>): Activity {
  const viewed = event.type === 'story.viewed'
  return {
    id: event.id,
    kind: viewed ? 'viewed' : 'reacted',
    storyId: event.data.story_id,
    personId: viewed ? event.data.viewer_id : event.data.user_id,
    handle: 'Somebody',
    emoji: viewed ? null : event.data.emoji,
    at: (viewed ? event.data.viewed_at : event.data.created_at) ?? new Date().toISOString(),
  }
}

const refreshing = new WeakMap<Client, Set<string>>()

/** Reads the true counters once for a burst of events: a reaction may have replaced another. */
async function refreshCounters(client: Client, storyId: string): Promise<void> {
  const waiting = refreshing.get(client) ?? new Set()
  refreshing.set(client, waiting)
  if (waiting.has(storyId)) return
  waiting.add(storyId)
  await new Promise((resolve) => setTimeout(resolve, 150))
  waiting.delete(storyId)
  const story = await client.api.story(storyId).catch(() => null)
  if (story) client.store.set({ stories: { ...client.store.get().stories, [story.id]: story } })
}
