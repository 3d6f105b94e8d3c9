/** The answers of the service, field by field; `test/browser/api-types.test.ts` holds them against `docs/openapi.json`. */

export type Visibility = 'public' | 'friends' | 'private'

export const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🔥'] as const
export type Emoji = (typeof EMOJI)[number]

export type User = {
  id: string
  email: string
  handle: string
  role: 'user' | 'admin'
  created_at: string
}

export type Session = {
  user: User
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  refresh_token: string
}

export type PersonRef = {
  id: string
  handle: string
}

export type Counters = {
  views: number
  reactions: Record<Emoji, number>
}

export type Story = {
  id: string
  author_id: string
  author: PersonRef
  text: string | null
  media_key: string | null
  media_url: string | null
  media_type: string | null
  visibility: Visibility
  created_at: string
  expires_at: string
  counters: Counters
  viewer: { has_viewed: boolean; reaction: Emoji | null }
}

export type FoundStory = Story & { highlight: string }

export type TrayEntry = {
  author: PersonRef
  latest_at: string
  stories: number
  unseen: number
}

export type StoryViewer = {
  user: PersonRef
  viewed_at: string
  reaction: Emoji | null
}

export type Page<Item> = {
  items: Item[]
  next_cursor: string | null
}

export type Reaction = {
  id: string
  story_id: string
  user_id: string
  emoji: Emoji
  created_at: string
}

export type View = {
  story_id: string
  viewer_id: string
  viewed_at: string
}

export type Upload = {
  media_key: string
  upload: { method: string; url: string; headers: Record<string, string>; expires_at: string }
}

export type NewStory = {
  text?: string
  media_key?: string
  visibility: Visibility
  audience_user_ids?: string[]
}

export type FollowedPerson = {
  id: string
  handle: string
  followed_at: string
}

export type FoundPerson = {
  id: string
  handle: string
  following: boolean
}

export type Person = {
  id: string
  handle: string
  created_at: string
  following: boolean
}

export type StatsDay = {
  date: string
  posted: number
  views: number
  reactions: number
}

export type Stats = {
  from: string
  to: string
  posted: number
  views: number
  unique_viewers: number
  reactions: Record<Emoji, number>
  days: StatsDay[]
}

export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  code: string
  request_id: string
  errors?: { field: string; message: string }[]
}
