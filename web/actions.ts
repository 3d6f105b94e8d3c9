/** What a person does to stories: the state changes at once and is put right if the service disagrees. */
import type { Counters, Emoji, Story } from './api-types.ts'
import type { Client } from './client.ts'
import { ApiProblem, toProblem } from './problem.ts'
import { createWishes } from './wishes.ts'

/** Keeps stories that an answer brought; returns their ids in the same order. */
export function putStories(client: Client, stories: readonly Story[]): string[] {
  const known = { ...client.store.get().stories }
  for (const story of stories) {
    known[story.id] = story
    client.people.learn(story.author)
  }
  client.store.set({ stories: known })
  return stories.map((story) => story.id)
}

/** Notes the service's wish to wait, so that every part of the page can show it. */
export function noteProblem(client: Client, error: unknown): ApiProblem {
  const problem = toProblem(error)
  if (problem.code === 'rate_limited') {
    client.store.set({ waitUntilMs: Date.now() + (problem.retryAfterSeconds ?? 1) * 1000 })
  }
  return problem
}

const reactions = createWishes<Emoji | null>()

/** Sets, changes or (with null) takes back the reaction. */
export async function react(client: Client, storyId: string, emoji: Emoji | null): Promise<void> {
  const before = client.store.get().stories[storyId]
  if (!before) return
  showReaction(client, storyId, emoji)
  const outcome = await reactions(client, storyId, before.viewer.reaction, emoji, (wanted) =>
    wanted ? client.api.react(storyId, wanted) : client.api.takeReactionBack(storyId),
  )
  if (!outcome) return
  showReaction(client, storyId, outcome.said)
  if (!outcome.error) return
  dropIfGone(client, storyId, outcome.error)
  throw noteProblem(client, outcome.error)
}

/** Records that the story was really shown; a failure is tried again the next time it is shown. */
export async function recordView(client: Client, storyId: string): Promise<void> {
  const story = client.store.get().stories[storyId]
  const own = story?.author_id === client.store.get().user?.id
  if (!story || own || story.viewer.has_viewed) return
  showView(client, storyId, true)
  try {
    await client.api.view(storyId)
  } catch (error) {
    showView(client, storyId, false)
    dropIfGone(client, storyId, error)
  }
}

/** Deletes an own story for everybody. */
export async function removeStory(client: Client, storyId: string): Promise<void> {
  try {
    await client.api.deleteStory(storyId)
  } catch (error) {
    if (toProblem(error).status !== 404) throw noteProblem(client, error)
  }
  forget(client, storyId)
}

/** Takes out stories whose time is over; cards leave by themselves, so lists need not be loaded anew. */
export function dropEnded(client: Client): void {
  const nowMs = Date.now()
  const { stories } = client.store.get()
  const ended = Object.values(stories).filter((story) => Date.parse(story.expires_at) <= nowMs)
  if (ended.length === 0) return
  const left = { ...stories }
  for (const story of ended) delete left[story.id]
  client.store.set({ stories: left })
}

/** Marks lists of stories as out of date. */
export function refreshFeed(client: Client): void {
  client.store.set({ feedVersion: client.store.get().feedVersion + 1 })
}

/** A story that ended or was removed leaves every list. */
export function forget(client: Client, storyId: string): void {
  const { [storyId]: _gone, ...stories } = client.store.get().stories
  client.store.set({ stories, feedVersion: client.store.get().feedVersion + 1 })
}

function dropIfGone(client: Client, storyId: string, error: unknown): void {
  if (error instanceof ApiProblem && error.status === 404) forget(client, storyId)
}

/** Changes the story as it is now, so that what came meanwhile stays. */
function change(client: Client, storyId: string, patch: (story: Story) => Partial<Story>): void {
  const stories = client.store.get().stories
  const story = stories[storyId]
  if (story) client.store.set({ stories: { ...stories, [storyId]: { ...story, ...patch(story) } } })
}

function showReaction(client: Client, storyId: string, emoji: Emoji | null): void {
  change(client, storyId, (story) => ({
    counters: shiftReaction(story, emoji),
    viewer: { ...story.viewer, reaction: emoji },
  }))
}

function showView(client: Client, storyId: string, seen: boolean): void {
  change(client, storyId, ({ counters, viewer }) => {
    if (viewer.has_viewed === seen) return {}
    const views = Math.max(0, counters.views + (seen ? 1 : -1))
    return { counters: { ...counters, views }, viewer: { ...viewer, has_viewed: seen } }
  })
}

function shiftReaction(story: Story, emoji: Emoji | null): Counters {
  const reactions = { ...story.counters.reactions }
  const old = story.viewer.reaction
  if (old) reactions[old] = Math.max(0, reactions[old] - 1)
  if (emoji) reactions[emoji] += 1
  return { ...story.counters, reactions }
}
