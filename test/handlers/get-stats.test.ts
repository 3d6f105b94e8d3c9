import { describe, expect, test } from 'bun:test'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import { owes401, owes503 } from './duties'

describe('GET /me/stats', () => {
  describe('200', () => {
    test('answers totals and seven days, today last', async () => {
      const asked: unknown[][] = []
      const api = await startApi({
        stores: {
          stats: {
            sumDays: async (...args) => {
              asked.push(args)
              return [
                { day: '2026-03-04', posted: 2, views: 5, lastViewers: 3, reactions: [1, 0, 0, 0, 0, 4] },
              ]
            },
          },
        },
      })
      const { body } = await api.as(ava).get('/me/stats')
      expect(asked).toEqual([[ava.id, '2026-02-26']])
      expect(body).toMatchObject({
        from: '2026-02-26T00:00:00.000Z',
        to: '2026-03-04T12:00:00.000Z',
        posted: 2,
        views: 5,
        unique_viewers: 3,
        reactions: { '👍': 1, '❤️': 0, '😂': 0, '😮': 0, '😢': 0, '🔥': 4 },
      })
      expect(body.days).toHaveLength(7)
      expect((body.days as object[]).at(-1)).toEqual({
        date: '2026-03-04',
        posted: 2,
        views: 5,
        reactions: 5,
      })
    })
  })

  owes401('GET', '/me/stats')
  owes503('GET', '/me/stats', (fail) => ({ stores: { stats: { sumDays: fail } } }))
})
