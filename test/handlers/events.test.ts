import { describe, expect, test } from 'bun:test'
import { formatEventId } from '../../src/features/events/event-types'
import { unavailable } from '../../src/kernel/errors'
import { ava } from '../support/cast'
import { startApi } from '../support/client'
import type { Preparation } from '../support/fake-context'
import { NOON } from '../support/fakes/clock'
import { expectProblem, owes401 } from './duties'

const HERE = { xact: 100n, seq: 0n }
const HERE_ID = formatEventId(HERE, NOON)

/** A process in which nothing has happened since position 100. */
const QUIET: Preparation = {
  hub: { join: async () => ({ position: HERE, line: HERE }), leave: () => undefined, position: () => HERE },
  streamSlots: { take: async () => undefined, release: () => undefined },
}

/** The first bytes of a stream, which is then left. */
async function firstBytes(answer: Response): Promise<string> {
  const reader = answer.body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  await reader?.cancel()
  return new TextDecoder().decode(value)
}

describe('GET /events', () => {
  describe('200', () => {
    test('sends a retry time, a comment and the present position at once', async () => {
      const api = await startApi(QUIET)
      const headers = { authorization: `Bearer ${api.tokenOf(ava)}` }
      const answer = await api.fetch('GET', '/events', { headers })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('x-accel-buffering')).toBe('no')
      expect(await firstBytes(answer)).toBe(`retry: 1000\n\n: connected\n\nid: ${HERE_ID}\n\n`)
      expect(api.keptOpen()).toBe(1)
    })
    test('takes the token in the query, and writes it to no log', async () => {
      const api = await startApi(QUIET)
      const token = api.tokenOf(ava)
      const answer = await api.fetch('GET', `/events?access_token=${token}`)
      expect(answer.status).toBe(200)
      await answer.body?.cancel()
      expect(JSON.stringify(api.log.lines)).not.toContain(token)
      expect(api.log.lines).toContainEqual(expect.objectContaining({ path: '/events', user_id: ava.id }))
    })
    test.each(['header', 'query'])('goes on from the last event id in the %s', async (where) => {
      const id = formatEventId({ xact: 90n, seq: 3n }, NOON)
      const asked: unknown[][] = []
      const readAfter = async (...args: unknown[]) => {
        asked.push(args)
        return []
      }
      const api = await startApi({ ...QUIET, stores: { events: { readAfter } } })
      const authorization = `Bearer ${api.tokenOf(ava)}`
      const answer =
        where === 'header'
          ? await api.fetch('GET', '/events', { headers: { authorization, 'last-event-id': id } })
          : await api.fetch('GET', `/events?last_event_id=${id}`, { headers: { authorization } })
      expect(await firstBytes(answer)).toEndWith(`id: ${id}\n\n`)
      expect(asked.map((args) => args.slice(0, 3))).toEqual([[ava.id, { xact: 90n, seq: 3n }, HERE]])
    })
    const lost: [string, string][] = [
      ['that is no id', 'yesterday'],
      ['of a position that is yet to come', formatEventId({ xact: 101n, seq: 1n }, NOON)],
      ['older than 24 hours', formatEventId({ xact: 5n, seq: 1n }, new Date(NOON.getTime() - 86_401_000))],
    ]
    test.each(lost)('says so and starts now for an id %s', async (_, id) => {
      const api = await startApi(QUIET)
      const headers = { authorization: `Bearer ${api.tokenOf(ava)}`, 'last-event-id': id }
      const text = await firstBytes(await api.fetch('GET', '/events', { headers }))
      expect(text).toEndWith(`id: ${HERE_ID}\nevent: stream.reset\ndata: {}\n\n`)
    })
  })

  owes401('GET', '/events')

  describe('401', () => {
    test('for an expired token in the query', async () => {
      const api = await startApi()
      const token = api.tokenOf(ava)
      api.clock.advance(901)
      expectProblem(await api.anonymous.get(`/events?access_token=${token}`), 401, 'unauthenticated')
    })
  })

  describe('405', () => {
    test('for HEAD, as nobody would end the stream', async () => {
      const api = await startApi()
      const answer = await api.as(ava).send('HEAD', '/events')
      expect(answer.status).toBe(405)
    })
  })

  describe('503', () => {
    test('while the database is down', async () => {
      const api = await startApi({
        hub: { join: () => Promise.reject(unavailable()), leave: () => undefined },
      })
      expectProblem(await api.as(ava).get('/events'), 503, 'unavailable')
    })
  })
})
