import { describe, expect, test } from 'bun:test'
import { ava, ben, cleo, type Person } from '../support/cast'
import { startApi } from '../support/client'
import { NOON } from '../support/fakes/clock'
import { owes401, owes503, owesPageChecks } from './duties'

const row = ({ id, handle }: Person) => ({ id, handle, followedAt: NOON })

describe.each(['following', 'followers'] as const)('GET /me/%s', (list) => {
  const path = `/me/${list}`

  describe('200', () => {
    test('answers people, newest follow first, without their emails', async () => {
      const api = await startApi({ stores: { graph: { [list]: async () => [row(ben)] } } })
      const { body } = await api.as(ava).get(path)
      expect(body).toEqual({
        items: [{ id: ben.id, handle: 'ben', followed_at: NOON.toISOString() }],
        next_cursor: null,
      })
    })
    test('in pages: the cursor leads on from the last that was shown', async () => {
      const asked: unknown[][] = []
      const page = async (...args: unknown[]) => {
        asked.push(args)
        return [row(ben), row(cleo)]
      }
      const api = await startApi({ stores: { graph: { [list]: page } } })
      const first = await api.as(ava).get(`${path}?limit=1`)
      await api.as(ava).get(`${path}?limit=1&cursor=${first.body.next_cursor}`)
      expect(asked).toEqual([
        [ava.id, null, 2],
        [ava.id, { at: NOON, id: ben.id }, 2],
      ])
    })
  })

  owes401('GET', path)
  owesPageChecks(path)
  owes503('GET', path, (fail) => ({ stores: { graph: { [list]: fail } } }))
})
