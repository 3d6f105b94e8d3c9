/** Who sees a story, in words. */
import type { Story, Visibility } from '../api-types.ts'
import type { Client } from '../client.ts'
import type { IconName } from './icons.ts'

export type Audience = Visibility | 'chosen'

export const AUDIENCES: Record<Audience, { label: string; line: string; icon: IconName }> = {
  public: { label: 'Public', line: 'Everybody who is signed in.', icon: 'globe' },
  friends: { label: 'Friends', line: 'The people who follow you.', icon: 'people' },
  chosen: { label: 'Chosen people', line: 'Exactly the people you pick, nobody else.', icon: 'check' },
  private: { label: 'Only me', line: 'A note to yourself.', icon: 'lock' },
}

const CHOSEN_KEPT_MAX = 100
const chosenName = (authorId: string) => `stories.chosen.${authorId}`

/** Remembers that an own story went to chosen people: the service tells nobody who they are, not even that. */
export function rememberChosen({ keep }: Client, story: Story): void {
  const name = chosenName(story.author_id)
  const known = keep.read<string[]>(name) ?? []
  keep.write(name, [story.id, ...known].slice(0, CHOSEN_KEPT_MAX))
}

/** Who sees a story, as far as can be told here. */
export function audienceOf(client: Client, story: Story): Audience {
  const isOwn = story.author_id === client.store.get().user?.id
  if (!isOwn || story.visibility !== 'friends') return story.visibility
  return client.keep.read<string[]>(chosenName(story.author_id))?.includes(story.id) ? 'chosen' : 'friends'
}
