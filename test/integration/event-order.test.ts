import { describe, expect, test } from 'bun:test'
import { useStage } from '../support/context'
import { cast, makeCrowd } from '../support/crowd'
import { readEvents } from '../support/read-stream'
import { createSteeredClock, MINUTE } from '../support/steered-clock'
import { until } from '../support/until'

/** Events arrive complete and in one order, though transactions end in another. */

const stage = useStage()

const append = (sql: { unsafe: (text: string) => unknown }, authorId: string, name: string) =>
  sql.unsafe(`insert into events (author_id, type, data)
    values ('${authorId}', 'story.viewed', '{"story_id":"${name}","viewer_id":"v","viewed_at":"t"}')`)

describe('of two overlapping transactions', () => {
  test('the one that began first and ends last is not skipped', async () => {
    const instance = stage.instance()
    const [ava] = await cast(instance, 'ava')
    const reader = await readEvents(instance.listen(), { token: ava.token })
    const names = () => reader.events().map(({ data }) => JSON.parse(data ?? '').story_id)
    const { sql } = stage.database()
    const { events } = instance.ctx.stores
    await sql.begin(async (older) => {
      await append(older, ava.id, 'older')
      await append(sql, ava.id, 'newer')
      instance.ctx.announce()
      // The newer event is committed and counted as held back, and nobody has been given it.
      await until('the newer event to be held back', async () => {
        const { heldBackSince } = await events.readTail({ xact: 0n, seq: 0n }, 10)
        return heldBackSince !== null && (await lag(instance.ctx.metrics)) > 0
      })
      const tail = await events.readTail({ xact: 0n, seq: 0n }, 10)
      expect(tail.events.filter(({ authorId }) => authorId === ava.id)).toEqual([])
      expect(names()).toEqual([])
    })
    // Nobody says that the older one has ended: the reader looks again by itself.
    await reader.until('both events', () => names().length === 2)
    expect(names()).toEqual(['older', 'newer'])
    await reader.close()
  })

  test('nothing is skipped by somebody who resumes between their ends', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const url = instance.listen()
    const [ava] = await cast(instance, 'ava')
    const { sql } = stage.database()
    let lastId: string | null = null
    const seen: string[] = []
    const visit = async (count: number) => {
      // A position of a minute ago is told anew once all that is there was read.
      clock.advanceMs(2 * MINUTE)
      const reader = await readEvents(url, { token: ava.token, lastEventId: lastId })
      const hasRead = () => reader.events().length >= count && reader.lastId() !== lastId
      await reader.until('the events', hasRead)
      seen.push(...reader.events().map(({ data }) => JSON.parse(data ?? '').story_id))
      lastId = reader.lastId()
      await reader.close()
    }
    await visit(0)
    await append(sql, ava.id, 'first')
    await visit(1)
    await sql.begin(async (older) => {
      await append(older, ava.id, 'older')
      await append(sql, ava.id, 'newer')
      await visit(0)
    })
    await visit(2)
    expect(seen).toEqual(['first', 'older', 'newer'])
  })
})

test('many senders at once: each author gets every event once, in the same order live and resumed', async () => {
  const instances = [stage.instance(), stage.instance()] as const
  const [ava, zoe] = await cast(instances[0], 'ava', 'zoe')
  const crowd = await makeCrowd(instances[0], 60)
  const [storyA, storyZ] = [await ava.tell({}), await zoe.tell({})]
  const [first, second] = [instances[0].listen(), instances[1].listen()]
  const readers = {
    ava: await readEvents(first, { token: ava.token }),
    avaElsewhere: await readEvents(second, { token: ava.token }),
    zoe: await readEvents(second, { token: zoe.token }),
  }
  const start = readers.ava.lastId()
  await Promise.all(
    crowd.map(async (person, i) => {
      const here = person.at(instances[i % 2 ? 1 : 0].api)
      const emoji = i % 2 ? '🔥' : '👍'
      ;(await here.post(`/stories/${storyA.id}/view`)).as(200)
      ;(await here.post(`/stories/${(i % 3 ? storyA : storyZ).id}/reactions`, { emoji })).as(201)
    }),
  )
  const resumed = await readEvents(second, { token: ava.token, lastEventId: start })
  for (const reader of [readers.ava, readers.avaElsewhere, resumed]) {
    await reader.until('100 events', () => reader.events().length === 100)
  }
  await readers.zoe.until('20 events', () => readers.zoe.events().length === 20)
  const facts = (reader: typeof resumed) =>
    reader.events().map(({ id, event, data }) => `${id} ${event} ${data}`)
  expect(facts(readers.avaElsewhere)).toEqual(facts(readers.ava))
  expect(facts(resumed)).toEqual(facts(readers.ava))
  const ids = readers.ava.events().map(({ id }) => id ?? '')
  expect(ids).toEqual([...ids].sort())
  expect(new Set(ids).size).toBe(100)
  const kinds = readers.ava.events().map(({ event }) => event)
  expect(kinds.filter((kind) => kind === 'story.viewed')).toHaveLength(60)
  expect(readers.zoe.events().every(({ data }) => JSON.parse(data ?? '').story_id === storyZ.id)).toBe(true)
  for (const reader of [...Object.values(readers), resumed]) await reader.close()
})

async function lag(metrics: {
  eventsLag: { get(): Promise<{ values: { value: number }[] }> }
}): Promise<number> {
  return (await metrics.eventsLag.get()).values[0]?.value ?? -1
}
