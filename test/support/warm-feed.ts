import { expect } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import type { Page } from '../../src/kernel/cursor'
import type { Instance } from './context'
import { cast } from './crowd'
import type { Person } from './people'

/** What the reader's feed has of this author, at this process. */
export const storiesAt = async (reader: Person, { api }: Instance, author: Person): Promise<Story[]> =>
  (await reader.at(api).get('/feed')).as<Page<Story>>().items.filter((story) => story.author_id === author.id)

export const idsAt = async (reader: Person, place: Instance, author: Person): Promise<string[]> =>
  (await storiesAt(reader, place, author)).map(({ id }) => id)

/** Ava's two stories on Ben's page, which is cached, and a note of a third one, which was removed. */
export async function warmFeed(place: Instance) {
  const [ava, ben] = await cast(place, 'ava', 'ben')
  await ben.follow(ava)
  ;(await ava.delete(`/stories/${(await ava.tell({})).id}`)).as(204)
  const shared = await ava.tell({ visibility: 'public' })
  const close = await ava.tell({ visibility: 'friends' })
  for (let time = 0; time < 2; time++) expect(await idsAt(ben, place, ava)).toEqual([close.id, shared.id])
  return { ava, ben, shared, close }
}
