import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { useStage } from '../support/context'
import { until } from '../support/until'

/** The deadline of a statement is for databases that do not answer, not for processes that did not look. */

const stage = useStage()
const DEADLINE_MS = 2000

test('a process that was away takes the answer that came meanwhile, and keeps its connections', async () => {
  const { db } = stage.realContext({ databaseDeadlineMs: DEADLINE_MS, poolSizeMax: 1 }).database
  const observer = stage.realContext().database.db
  const backend = async () => (await db.execute(sql`select pg_backend_pid() as pid`))[0]?.pid
  const isWorking = async () => {
    const [found] = await observer.execute(
      sql`select 1 from pg_stat_activity where pid = ${before} and state = 'active' and query like '%pg_sleep%'`,
    )
    return found !== undefined
  }
  // Connected before there is something to catch.
  await observer.execute(sql`select 1`)
  const before = await backend()
  const asked = db.execute(sql`select 'here' as word, pg_sleep(1)`)
  const [answer] = await Promise.all([asked, until('the statement to be under way', isWorking).then(beAway)])
  expect(answer[0]?.word).toBe('here')
  expect(await backend()).toBe(before)
})

const beAway = () => Bun.sleepSync(2 * DEADLINE_MS)

test('a database of which one table is locked for long keeps its connections', async () => {
  // Straight: behind a pooler the server has no limit to end the statements by.
  const env = { DATABASE_URL: stage.database().url, DATABASE_PREPARE: 'true' }
  const { db } = stage.realContext({ env, databaseDeadlineMs: DEADLINE_MS, poolSizeMax: 4 }).database
  const backends = async () => {
    const asked = Array.from({ length: 4 }, () =>
      db.execute(sql`select pg_backend_pid() as pid, pg_sleep(0.1)`),
    )
    return new Set((await Promise.all(asked)).map(([row]) => row?.pid))
  }
  const before = await backends()
  const outcomes = await stage.database().sql.begin(async (holder) => {
    await holder`lock table reactions in access exclusive mode`
    return Promise.allSettled(Array.from({ length: 12 }, () => db.execute(sql`select 1 from reactions`)))
  })
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(await backends()).toEqual(before)
})
