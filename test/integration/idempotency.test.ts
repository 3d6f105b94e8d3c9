import { describe, expect, test } from 'bun:test'
import { onceKey } from '../../src/features/idempotency/run-once'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { uploadMedia } from '../support/media'
import type { Person } from '../support/people'
import { createSteeredClock, DAY } from '../support/steered-clock'
import { until } from '../support/until'

/** POST /stories with an Idempotency-Key: one key, one story, one answer. */

const stage = useStage()
const body = { text: 'only once', visibility: 'public' }
const keyed = (person: Person, key: string, story: object = body) =>
  person.post('/stories', story, { 'Idempotency-Key': key })
const countOf = async (person: Person) => (await person.all('/me/stories')).length

describe('one key', () => {
  test.each([false, true])(
    'makes one story of twenty posts at once over two instances (media: %p)',
    async (media) => {
      const first = stage.instance()
      const second = stage.instance()
      const [ava] = await cast(first, 'ava')
      const story = media ? { ...body, media_key: await uploadMedia(ava) } : body
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => keyed(ava.at(i % 2 ? first.api : second.api), 'k1', story)),
      )
      expect(await countOf(ava)).toBe(1)
      const made = answers.filter(({ status }) => status === 201)
      const fresh = made.filter(({ headers }) => headers.get('idempotent-replayed') === null)
      expect(fresh).toHaveLength(1)
      expect(new Set(made.map(({ text }) => text)).size).toBe(1)
      const others = answers.filter(({ status }) => status !== 201)
      expect(others.map(({ status, code }) => [status, code])).toEqual(
        others.map(() => [409, 'idempotency_in_progress']),
      )
    },
  )

  test('gives the same bytes and location again, marked as replayed, from any instance', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    const first = await keyed(ava, 'k1')
    const again = await keyed(ava.at(stage.instance().api), 'k1')
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.text).toBe(first.text)
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  test('is replayed for a story with media that it has claimed itself', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    const story = { visibility: 'public', media_key: await uploadMedia(ava) }
    const first = await keyed(ava, 'k1', story)
    const again = await keyed(ava, 'k1', story)
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text])
  })

  test('takes the same fields in another order as the same body, and others not', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    await keyed(ava, 'k1')
    expect((await keyed(ava, 'k1', { visibility: 'public', text: 'only once' })).status).toBe(201)
    const other = await keyed(ava, 'k1', { ...body, text: 'another' })
    expect([other.status, other.code]).toEqual([422, 'idempotency_key_reused'])
    expect(await countOf(ava)).toBe(1)
  })

  test('of one user is free for another', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const answers = [await keyed(ava, 'k1'), await keyed(ben, 'k1', { ...body, text: 'mine' })]
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    expect(answers[0]?.text).not.toBe(answers[1]?.text)
  })

  test('is not remembered for a request that failed', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    expect((await keyed(ava, 'k1', { visibility: 'public' })).status).toBe(422)
    expect((await keyed(ava, 'k1')).status).toBe(201)
  })

  test('is kept for 24 hours', async () => {
    const clock = createSteeredClock()
    const { ctx, api, database } = stage.instance({ clock })
    const [ava] = await cast({ ctx, api, database }, 'ava')
    const first = await keyed(ava, 'k1')
    clock.advanceMs(DAY - 1000)
    expect((await keyed(ava, 'k1')).text).toBe(first.text)
    clock.advanceMs(1000)
    const later = ava.with(ctx.tokens.sign(ava.id))
    const second = await keyed(later, 'k1', { ...body, text: 'a day later' })
    expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([201, null])
    expect((await keyed(later, 'k1', { ...body, text: 'a day later' })).text).toBe(second.text)
  })

  test('that is in use by a running request answers 409 until that one ends', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    await stage.database().sql.begin(async (running) => {
      await running`select pg_advisory_xact_lock(hashtextextended(${`${ava.id}:k1`}, 0))`
      const answer = await keyed(ava, 'k1')
      expect([answer.status, answer.code]).toEqual([409, 'idempotency_in_progress'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect((await keyed(ava, 'k2')).status).toBe(201)
    })
    expect((await keyed(ava, 'k1')).status).toBe(201)
    expect(await countOf(ava)).toBe(2)
  })

  test('whose first request ended after the second had looked is found under the lock', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    ;(await ava.get('/me')).as(200)
    const kept = { status: 201, location: '/stories/kept', body: '{"kept":true}' }
    const { fingerprint } = onceKey(ava.id, 'k1', body) ?? { fingerprint: '' }
    const { sql } = stage.database()
    const answer = await sql.begin(async (first) => {
      // The second request has looked for an answer, found none, and waits for its author's row.
      await first`lock table users in access exclusive mode`
      const second = keyed(ava, 'k1')
      await until('the second request to wait', async () => {
        const waiting = await sql`select 1 from pg_locks where not granted and relation = 'users'::regclass`
        return waiting.length > 0
      })
      await first`insert into idempotency_keys ${first({ user_id: ava.id, key: 'k1', fingerprint, ...kept, created_at: new Date() })}`
      return { second }
    })
    const { status, text, headers } = await answer.second
    expect([status, text, headers.get('idempotent-replayed')]).toEqual([201, kept.body, 'true'])
    expect(await countOf(ava)).toBe(0)
  })

  test('must be 1 to 255 visible ASCII characters', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    for (const key of ['', 'a b', 'ä', 'x'.repeat(256)]) {
      const answer = await keyed(ava, key)
      expect([key, answer.status, answer.code]).toEqual([key, 422, 'validation_failed'])
    }
    expect((await keyed(ava, '~'.repeat(255))).status).toBe(201)
  })
})
