import { describe, expect, test } from 'bun:test'
import { type Instance, useStage } from '../support/context'
import { cast } from '../support/crowd'
import type { Person } from '../support/people'
import { type EventReader, readEvents } from '../support/read-stream'
import { createSteeredClock, DAY, HOUR, SECOND } from '../support/steered-clock'
import { until } from '../support/until'

/** GET /events on real sockets: what comes first, who is told, resuming, and how streams end. */

const stage = useStage()

async function authorAndViewer(instance: Instance) {
  const [ava, ben] = await cast(instance, 'ava', 'ben')
  return { ava, ben, story: await ava.tell({}) }
}
const view = async (person: Person, story: { id: string }) =>
  (await person.post(`/stories/${story.id}/view`)).as(200)
const react = (person: Person, story: { id: string }, emoji: string) =>
  person.post(`/stories/${story.id}/reactions`, { emoji })
const got = (reader: EventReader, count: number) =>
  reader.until(`${count} events`, () => reader.events().length >= count)
const closedFor = async ({ ctx }: Instance, reason: string) =>
  (await ctx.metrics.sseClosed.get()).values.find(({ labels }) => labels.reason === reason)?.value ?? 0

describe('the stream', () => {
  test('says at once how soon to come back and where it stands', async () => {
    const instance = stage.instance()
    const [ava] = await cast(instance, 'ava')
    const reader = await readEvents(instance.listen(), { token: ava.token })
    expect(reader.frames[0]).toMatchObject({ retry: '1000' })
    expect(reader.lastId()).toMatch(/^[0-9a-f-]+$/)
    expect(reader.events()).toEqual([])
    await reader.close()
    await until('the server to notice', async () => (await closedFor(instance, 'client')) === 1)
  })

  test('tells the author of views and reactions, once each, and nobody else', async () => {
    const instance = stage.instance()
    const url = instance.listen()
    const { ava, ben, story } = await authorAndViewer(instance)
    const reader = await readEvents(url, { token: ava.token })
    const stranger = await readEvents(url, { token: ben.token, tokenInQuery: true })
    const viewed = await view(ben, story)
    await view(ben, story)
    const reaction = (await react(ben, story, '🔥')).as<{ created_at: string }>(201)
    await react(ben, story, '🔥')
    await react(ben, story, '😢')
    await view(ava, story)
    await react(ava, story, '👍')
    await ben.delete(`/stories/${story.id}/reactions`)
    await react(ben, story, '👍')
    await got(reader, 4)
    const events = reader.events().map(({ event, data }) => [event, JSON.parse(data ?? '')])
    expect(events).toEqual([
      ['story.viewed', viewed],
      [
        'story.reacted',
        { story_id: story.id, user_id: ben.id, emoji: '🔥', created_at: reaction.created_at },
      ],
      ['story.reacted', expect.objectContaining({ emoji: '😢' })],
      ['story.reacted', expect.objectContaining({ emoji: '👍' })],
    ])
    expect(stranger.events()).toEqual([])
    await reader.close()
    await stranger.close()
  })

  test('is refused without a good token', async () => {
    const url = stage.instance().listen()
    for (const tokenInQuery of [true, false]) {
      const reader = await readEvents(url, { token: 'nonsense', tokenInQuery })
      expect(reader.status).toBe(401)
      await reader.close()
    }
  })
})

describe('a client that comes back', () => {
  test('gets what it missed from another instance, also when Redis was flushed meanwhile', async () => {
    const first = stage.instance()
    const second = stage.instance()
    const { ava, ben, story } = await authorAndViewer(first)
    const before = await readEvents(first.listen(), { token: ava.token })
    const lastId = before.lastId()
    await before.close()
    await view(ben, story)
    await react(ben.at(second.api), story, '🔥')
    await stage.dropRedisKeys()
    const url = second.listen()
    const after = await readEvents(url, { token: ava.token, lastEventId: lastId })
    await got(after, 2)
    expect(after.events().map(({ event }) => event)).toEqual(['story.viewed', 'story.reacted'])
    const middle = after.events()[0]?.id
    await after.close()
    const again = await readEvents(url, { token: ava.token, lastEventId: middle ?? null })
    await got(again, 1)
    await react(ben, story, '😢')
    await got(again, 2)
    expect(again.events().map(({ data }) => JSON.parse(data ?? '').emoji)).toEqual(['🔥', '😢'])
    await again.close()
  })

  test('with thousands of missed events gets them all', async () => {
    const instance = stage.instance()
    const [ava] = await cast(instance, 'ava')
    const url = instance.listen()
    const before = await readEvents(url, { token: ava.token })
    await before.close()
    await stage.database().sql`
      insert into events (author_id, type, data)
      select ${ava.id}, 'story.viewed', jsonb_build_object('story_id', n, 'viewer_id', 'v', 'viewed_at', 't')
      from generate_series(1, 3000) n`
    const after = await readEvents(url, { token: ava.token, lastEventId: before.lastId() })
    await got(after, 3000)
    expect(after.events().map(({ data }) => JSON.parse(data ?? '').story_id)).toEqual(
      Array.from({ length: 3000 }, (_, i) => i + 1),
    )
    await after.close()
  })

  test('with an id that is unknown, malformed or older than a day is told to start over', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const { ava, ben, story } = await authorAndViewer(instance)
    const url = instance.listen()
    const before = await readEvents(url, { token: ava.token })
    const old = before.lastId() ?? ''
    await before.close()
    await view(ben, story)
    clock.advanceMs(DAY + HOUR)
    const token = instance.ctx.tokens.sign(ava.id)
    const ahead = `ffffffffffffffff-${old.slice(17)}`
    for (const lastEventId of [old, ahead, 'nonsense', '0'.repeat(500)]) {
      const reader = await readEvents(url, { token, lastEventId })
      await got(reader, 1)
      expect(reader.events().map(({ event }) => event)).toEqual(['stream.reset'])
      expect(reader.lastId()).not.toBe(lastEventId)
      await reader.close()
    }
  })
})

describe('between instances', () => {
  test('a wake through Redis brings the event, without the poll', async () => {
    const first = stage.instance()
    const second = stage.instance({ eventsPollMs: HOUR })
    const { ava, ben, story } = await authorAndViewer(first)
    const channel = `${stage.redisKeyPrefix()}:events:wake`
    // Instances of other tests listen, too.
    const before = await stage.redisListeners(channel)
    const reader = await readEvents(second.listen(), { token: ava.token })
    await until('the subscription', async () => (await stage.redisListeners(channel)) > before)
    await view(ben, story)
    await reader.until('the event', () => reader.events().length === 1)
    await react(ben, story, '🔥')
    await reader.until('the next one', () => reader.events().length === 2)
    await reader.close()
  })

  test('without Redis the poll brings it', async () => {
    const env = { REDIS_URL: 'redis://127.0.0.1:1' }
    const first = stage.instance({ env })
    const second = stage.instance({ env })
    const { ava, ben, story } = await authorAndViewer(first)
    const reader = await readEvents(second.listen(), { token: ava.token })
    await view(ben, story)
    await react(ben, story, '🔥')
    await reader.until('both events', () => reader.events().length === 2)
    await reader.close()
  })
})

describe('a stream ends', () => {
  test('when the token does', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock, env: { ACCESS_TOKEN_TTL_SECONDS: '900' } })
    const [ava] = await cast(instance, 'ava')
    clock.advanceMs(899 * SECOND)
    const reader = await readEvents(instance.listen(), { token: ava.token })
    clock.advanceMs(SECOND)
    await reader.ended()
    expect(await closedFor(instance, 'token_expired')).toBe(1)
  })

  test('when the server does, and the client resumes elsewhere', async () => {
    const instance = stage.instance()
    const { ava, ben, story } = await authorAndViewer(instance)
    const reader = await readEvents(instance.listen(), { token: ava.token })
    await instance.ctx.hub.close()
    await reader.ended()
    const other = stage.instance()
    await view(ben.at(other.api), story)
    const after = await readEvents(other.listen(), { token: ava.token, lastEventId: reader.lastId() })
    await got(after, 1)
    await after.close()
  })

  test.each([1, 2])('when it is the oldest of eleven, over %i instances', async (count) => {
    const instances = Array.from({ length: count }, () => stage.instance())
    const urls = instances.map((instance) => instance.listen())
    const [first] = instances
    if (first === undefined) throw new Error('no instance')
    const { ava, ben, story } = await authorAndViewer(first)
    const open = (i: number) => readEvents(urls[i % count] ?? '', { token: ava.token })
    const readers: EventReader[] = []
    for (let i = 0; i < 10; i++) readers.push(await open(i))
    expect(readers.some((reader) => reader.hasEnded())).toBe(false)
    const others = await readEvents(urls[0] ?? '', { token: ben.token })
    readers.push(await open(10))
    await readers[0]?.ended()
    await view(ben, story)
    for (const reader of readers.slice(1)) await got(reader, 1)
    expect(readers.map((reader) => reader.hasEnded())).toEqual([
      true,
      ...Array.from({ length: 10 }, () => false),
    ])
    // A place that is given back is free again.
    await readers[5]?.close()
    await until('the place to be free', async () => {
      const key = `${stage.redisKeyPrefix()}:streams:${ava.id}`
      return (await stage.redis().zcard(key)) === 9
    })
    readers.push(await open(0))
    expect(readers.slice(1).filter((reader) => !reader.hasEnded())).toHaveLength(10)
    expect(others.hasEnded()).toBe(false)
    for (const reader of [...readers, others]) await reader.close()
  })
})
