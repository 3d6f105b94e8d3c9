import { describe, expect, test } from 'bun:test'
import pino from 'pino'
import { expireStories } from '../../src/features/expiry/expire-stories'
import type { Story } from '../../src/features/stories/schema'
import { newId } from '../../src/kernel/ids'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { runWorkerOnce } from '../support/processes'
import { createSteeredClock, DAY, HOUR } from '../support/steered-clock'

/** The sweep: what is due ends, once, in batches, with one log line. */

const stage = useStage()

/** A logger that keeps what is written. */
function keptLog() {
  const lines: Record<string, unknown>[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { logger, expired: () => lines.filter(({ event }) => event === 'story_expired') }
}

async function insertDue(authorId: string, count: number, at: Date): Promise<void> {
  await stage.database().sql`
    insert into stories (author_id, text, visibility, created_at, expires_at)
    select ${authorId}, 'due', 'public', ${at}::timestamptz - interval '1 day', ${at}::timestamptz - n * interval '1 second'
    from generate_series(0, ${count - 1}) n`
}
const activeCount = async () => {
  const [row] = await stage.database().sql`select count(*)::int as n from stories where deleted_at is null`
  return row?.n
}

describe('a sweep', () => {
  test('ends what is due and nothing else, in batches, with the moment of the sweep', async () => {
    const clock = createSteeredClock()
    const log = keptLog()
    const instance = stage.instance({ clock, logger: log.logger, env: { WORKER_BATCH_SIZE: '7' } })
    const [ava] = await cast(instance, 'ava')
    const story = await ava.tell({})
    await insertDue(ava.id, 30, clock.now())
    expect((await expireStories(instance.ctx)).count).toBe(30)
    expect(await activeCount()).toBe(1)
    expect(log.expired()).toHaveLength(1)
    expect(log.expired()[0]).toMatchObject({ count: 30, duration_ms: expect.any(Number) })
    expect((await instance.ctx.metrics.storiesExpired.get()).values[0]?.value).toBe(30)
    const [row] = await stage.database().sql`select deleted_at from stories where text = 'due' limit 1`
    expect(row?.deleted_at).toEqual(clock.now())

    clock.advanceMs(DAY - 1)
    expect((await expireStories(instance.ctx)).count).toBe(0)
    clock.advanceMs(1)
    expect((await expireStories(instance.ctx)).count).toBe(1)
    const later = ava.with(instance.ctx.tokens.sign(ava.id))
    expect((await later.get(`/stories/${story.id}`)).status).toBe(404)
  })

  test('writes exactly one story_expired line, also for none', async () => {
    const log = keptLog()
    const { ctx } = stage.instance({ logger: log.logger })
    for (let i = 1; i <= 3; i++) {
      await expireStories(ctx)
      expect(log.expired()).toHaveLength(i)
    }
    expect(log.expired().at(-1)).toMatchObject({ count: 0 })
  })

  test('by two workers at once ends each story once', async () => {
    const clock = createSteeredClock()
    const env = { WORKER_BATCH_SIZE: '10' }
    const workers = [stage.instance({ clock, env }), stage.instance({ clock, env })] as const
    const [ava] = await cast(workers[0], 'ava')
    await insertDue(ava.id, 300, clock.now())
    const sweeps = await Promise.all(workers.map(({ ctx }) => expireStories(ctx)))
    let total = sweeps.reduce((sum, { count }) => sum + count, 0)
    // What the other worker held when both ended is for the next sweep.
    total += (await expireStories(workers[0].ctx)).count
    expect([total, await activeCount()]).toEqual([300, 0])
  })

  test('goes round a story that is in use, and takes it next time', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const [ava] = await cast(instance, 'ava')
    await insertDue(ava.id, 3, clock.now())
    const { sql } = stage.database()
    await sql.begin(async (busy) => {
      await busy`select 1 from stories where text = 'due' and deleted_at is null order by expires_at limit 1 for update`
      expect((await expireStories(instance.ctx)).count).toBe(2)
    })
    expect((await expireStories(instance.ctx)).count).toBe(1)
  })

  test('does not hold up a view, nor a view the sweep', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const [ava, ben] = await cast(instance, 'ava', 'ben')
    const story = await ava.tell({})
    const { sql } = stage.database()
    await sql.begin(async (sweep) => {
      await sweep`select 1 from stories where id = ${story.id} for no key update`
      ;(await ben.post(`/stories/${story.id}/view`)).as(200)
    })
    await sql.begin(async (viewing) => {
      await viewing`insert into story_views (story_id, viewer_id) values (${story.id}, ${ava.id})`
      clock.advanceMs(DAY)
      expect((await expireStories(instance.ctx)).count).toBe(1)
    })
  })

  test('stops between batches when it is asked to, and says what it did', async () => {
    const clock = createSteeredClock()
    const log = keptLog()
    const instance = stage.instance({ clock, logger: log.logger, env: { WORKER_BATCH_SIZE: '5' } })
    const [ava] = await cast(instance, 'ava')
    await insertDue(ava.id, 20, clock.now())
    expect((await expireStories(instance.ctx, () => true)).count).toBe(5)
    expect(log.expired()).toMatchObject([{ count: 5 }])
    expect((await expireStories(instance.ctx)).count).toBe(15)
  })
})

test('worker.ts --once makes one sweep with one line of JSON, and ends with 0', async () => {
  const instance = stage.instance()
  const [ava] = await cast(instance, 'ava')
  const story = await ava.tell({})
  await stage.database()
    .sql`update stories set deleted_at = null, expires_at = now() - interval '1 hour' where id = ${story.id}`
  for (const count of [1, 0]) {
    const { code, lines } = await runWorkerOnce(stage.env())
    expect(code).toBe(0)
    expect(lines.filter(({ event }) => event === 'story_expired')).toMatchObject([
      { count, service: 'worker' },
    ])
  }
  const [row] = await stage.database().sql`select deleted_at from stories where id = ${story.id}`
  expect(row?.deleted_at).not.toBeNull()
})

test('a story leaves every answer at the moment it expires, before any sweep', async () => {
  const clock = createSteeredClock()
  const instance = stage.instance({ clock, env: { STORY_TTL_SECONDS: '3600' } })
  const [ava, ben] = await cast(instance, 'ava', 'ben')
  const story = await ava.tell({ text: `unusual${newId().slice(-8)}` })
  const paths = ['/feed', '/me/stories', `/users/${ava.id}/stories`, `/search?q=${story.text}`]
  const shown = async () => {
    const lists = await Promise.all(
      paths.map((path) => (path === '/me/stories' ? ava : ben).all<Story>(path)),
    )
    return [
      ...lists.map((list) => list.some(({ id }) => id === story.id)),
      (await ben.get(`/stories/${story.id}`)).status,
    ]
  }
  expect(await shown()).toEqual([true, true, true, true, 200])
  clock.advanceMs(HOUR - 1)
  expect(await shown()).toEqual([true, true, true, true, 200])
  clock.advanceMs(1)
  expect(await shown()).toEqual([false, false, false, false, 404])
  expect((await ben.post(`/stories/${story.id}/view`)).status).toBe(404)
  expect((await ava.delete(`/stories/${story.id}`)).status).toBe(404)
})
