import type { UserRow } from '../../src/features/accounts/store'
import type { MediaRow } from '../../src/features/media/store'
import type { ReactionRow } from '../../src/features/reactions/store'
import type { StoryRow } from '../../src/features/stories/story-row'
import { ava, ben, type Person } from './cast'
import { NOON } from './fakes/clock'

/** Rows as the stores answer them: plain ones, with only what a test cares about said. */

const DAY_MS = 86_400_000
let made = 0

/** A UUID that no other test object has, in the order of making. */
export const anId = (): string => `019c0000-0000-7000-9000-${(++made).toString(16).padStart(12, '0')}`

export const aUser = (person: Person = ava, some: Partial<UserRow> = {}): UserRow => ({
  ...person,
  createdAt: NOON,
  passwordHash: 'hashed:correct horse battery',
  ...some,
})

export type FoundStory = StoryRow & Readonly<{ isFriend: boolean }>

/** An active public story of ava's, made at noon, as a stranger finds it. */
export function aStory(some: Partial<FoundStory> = {}): FoundStory {
  const createdAt = some.createdAt ?? NOON
  return {
    id: anId(),
    authorId: ava.id,
    authorHandle: ava.handle,
    text: 'hello',
    mediaKey: null,
    mediaType: null,
    visibility: 'public',
    hasAudience: false,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + DAY_MS),
    deletedAt: null,
    views: 0,
    reactions: [0, 0, 0, 0, 0, 0],
    hasViewed: false,
    reaction: null,
    isInAudience: false,
    isFriend: false,
    ...some,
  }
}

export const aMediaKey = (owner: Person = ava): string => `media/${owner.id}/${anId()}`

/** A pending PNG upload of ava's. */
export const anUpload = (some: Partial<MediaRow> = {}): MediaRow => ({
  mediaKey: aMediaKey(),
  userId: ava.id,
  contentType: 'image/png',
  sizeBytes: 70,
  state: 'pending',
  ...some,
})

/** What ben thinks of a story. */
export const aReaction = (some: Partial<ReactionRow> = {}): ReactionRow => ({
  id: anId(),
  storyId: anId(),
  userId: ben.id,
  emoji: '🔥',
  createdAt: NOON,
  ...some,
})

export const PNG_START = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0)
