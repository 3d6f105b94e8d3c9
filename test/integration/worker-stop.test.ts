import { expect, test } from 'bun:test'
import { useStage } from '../support/context'
import { startWorker } from '../support/processes'
import { until } from '../support/until'

/** A worker that is asked to end does so in time and with 0, whatever it waits for. */

const stage = useStage()

const waitsForLock = async () => {
  const waiting = await stage.database().sql`
    select 1 from pg_stat_activity
    where datname = current_database() and application_name = 'worker' and wait_event_type = 'Lock'`
  return waiting.length > 0
}

test.each([
  ['sweep', 'stories'],
  ['housekeeping', 'events'],
])('a worker whose %s waits for a lock is cut, says so, and ends with 0', async (during, table) => {
  await stage.database().sql.begin(async (holder) => {
    await holder.unsafe(`lock table ${table} in access exclusive mode`)
    const worker = await startWorker(stage.env())
    try {
      await until('the worker to wait for the lock', waitsForLock)
      expect(await worker.kill('SIGTERM')).toBe(0)
    } finally {
      await worker.kill('SIGKILL')
    }
    const lines = worker.lines()
    expect(lines.filter(({ event }) => event === 'round_cut')).toMatchObject([{ during }])
    expect(lines.filter(({ event }) => event === 'story_expired')).toMatchObject([{ count: 0 }])
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
    expect(lines.at(-1)).toMatchObject({ event: 'worker_stopped' })
  })
})
