/** A story before it is posted: one key per content, so that sending it again never posts it twice. */
import type { NewStory, PersonRef, Story } from './api-types.ts'
import type { App } from './app.ts'
import type { Client } from './client.ts'
import type { Audience } from './parts/visibility.ts'
import { toProblem } from './problem.ts'
import { signedOut } from './session.ts'

const TRIES = 3
const RETRY_MS = 600

export type Draft = {
  /** The words so far and who is to see them, kept when the sheet is closed. */
  text: string
  audience: Audience
  chosen: Map<string, PersonRef>
  post(body: NewStory): Promise<Story>
}

const drafts = new WeakMap<App, { userId: string | undefined; draft: Draft }>()

/** The draft a person left unfinished, or a new one. A closed sheet and a lost answer so still share one key. */
export function openDraft(app: App): Draft {
  const userId = app.client.store.get().user?.id
  const kept = drafts.get(app)
  if (kept && kept.userId === userId) return kept.draft
  const draft = createDraft(app.client, userId)
  drafts.set(app, { userId, draft })
  return draft
}

/** The draft is posted: the next one begins empty. One that somebody else has begun meanwhile stays. */
export function closeDraft(app: App, draft: Draft): void {
  if (drafts.get(app)?.draft === draft) drafts.delete(app)
}

function createDraft({ api, session }: Client, userId: string | undefined): Draft {
  let content = ''
  let key = ''
  let last: { text: string; sent: Promise<Story> } | null = null

  async function send(body: NewStory, text: string): Promise<Story> {
    if (text !== content) {
      content = text
      key = newKey()
    }
    for (let attempt = 1; ; attempt += 1) {
      // Another tab may have changed the session between two tries: the words are nobody else's.
      if (session.user()?.id !== userId) throw signedOut()
      try {
        return await api.postStory(body, key)
      } catch (error) {
        const { code } = toProblem(error)
        // The answer may be lost while the story was made: the same key brings that very story.
        const worthwhile = code === 'network' || code === 'unavailable' || code === 'idempotency_in_progress'
        if (!worthwhile || attempt === TRIES || !navigator.onLine) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt))
      }
    }
  }

  return {
    text: '',
    audience: 'public',
    chosen: new Map(),
    /** Posts the draft; a second call joins one under way with the same content, and waits for one with another. */
    post(body) {
      const text = JSON.stringify(body)
      if (last?.text === text) return last.sent
      const before = last?.sent.catch(() => undefined)
      const sent = Promise.resolve(before)
        .then(() => send(body, text))
        .finally(() => {
          if (last?.sent === sent) last = null
        })
      last = { text, sent }
      return sent
    },
  }
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
