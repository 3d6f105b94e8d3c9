/** A story before it is posted: one key per content, so that sending it again never posts it twice. */
import type { Api } from './api.ts'
import type { NewStory, Story } from './api-types.ts'
import { toProblem } from './problem.ts'

const TRIES = 3
const RETRY_MS = 600

export type Draft = { post(body: NewStory): Promise<Story> }

export function createDraft(api: Api): Draft {
  let content = ''
  let key = ''
  let running: Promise<Story> | null = null

  async function send(body: NewStory): Promise<Story> {
    const text = JSON.stringify(body)
    if (text !== content) {
      content = text
      key = newKey()
    }
    for (let attempt = 1; ; attempt += 1) {
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
    /** Posts the draft; a second call while one is under way joins it. */
    post(body) {
      running ??= send(body).finally(() => {
        running = null
      })
      return running
    },
  }
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
