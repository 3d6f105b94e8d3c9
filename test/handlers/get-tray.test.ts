import { describe, expect, test } from 'bun:test'
import type { TrayRow } from '../../src/features/feed/store'
import { ava, ben, cleo, type Person } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { owes401, owes503, owesPageChecks } from './duties'

const row = (person: Person, unseen: number): TrayRow => ({
  authorId: person.id,
  handle: person.handle,
  latestAt: NOON,
  stories: 2,
  unseen,
  hasUnseen: unseen > 0,
})

describe('GET /feed/authors', () => {
  describe('200', () => {
    test('answers who has stories, and how many are unseen', async () => {
      const api = await startApi({ stores: { feed: { listTray: async () => [row(ava, 1)] } } })
      const answer = await api.as(ben).get('/feed/authors')
      expect(answer.body).toEqual({
        items: [
          { author: { id: ava.id, handle: 'ava' }, latest_at: NOON.toISOString(), stories: 2, unseen: 1 },
        ],
        next_cursor: null,
      })
    })
    test('goes on as of the moment of the first page, after the last that was shown', async () => {
      const asked: unknown[] = []
      const api = await startApi({
        stores: {
          feed: {
            listTray: async (_, now, asOf, after, limit) => {
              asked.push({ now, asOf, after, limit })
              return [row(ava, 1), row(cleo, 0)]
            },
          },
        },
      })
      const first = await api.as(ben).get('/feed/authors?limit=1')
      api.clock.advance(60)
      await api.as(ben).get(`/feed/authors?limit=1&cursor=${first.body.next_cursor}`)
      expect(asked).toEqual([
        { now: NOON, asOf: NOON, after: null, limit: 2 },
        {
          now: new Date(NOON.getTime() + 60_000),
          asOf: NOON,
          after: { hasUnseen: true, latestAt: NOON, authorId: ava.id },
          limit: 2,
        },
      ])
    })
  })

  owes401('GET', '/feed/authors')
  owesPageChecks('/feed/authors')
  owes503('GET', '/feed/authors', (fail) => ({ stores: { feed: { listTray: fail } } }))
})
