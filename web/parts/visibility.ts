/** Who sees a story, in words. */
import type { Visibility } from '../api-types.ts'
import type { IconName } from './icons.ts'

export type Audience = Visibility | 'chosen'

export const AUDIENCES: Record<Audience, { label: string; line: string; icon: IconName }> = {
  public: { label: 'Public', line: 'Everybody who is signed in.', icon: 'globe' },
  friends: { label: 'Friends', line: 'The people who follow you.', icon: 'people' },
  chosen: { label: 'Chosen people', line: 'Exactly the people you pick, nobody else.', icon: 'check' },
  private: { label: 'Only me', line: 'A note to yourself.', icon: 'lock' },
}
