import { expect, test } from 'bun:test'
import { useStage } from '../support/context'
import { startWorker } from '../support/processes'
import { sendRaw } from '../support/raw-request'
import { until } from '../support/until'

/** What operators ask of a worker: how it is, and to end, which it does in time and with 0, whatever it waits for. */

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
      // Some are told twice, by whoever is impatient.
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.kill(worker.pid, signal)
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

test('a worker tells old health checkers how it is, too', async () => {
  const worker = await startWorker(stage.env())
  try {
    const port = Number(new URL(worker.url).port)
    expect(await sendRaw(port, 'GET /healthz HTTP/1.0')).toMatch(/^HTTP\/1.. 200 [\s\S]*"status":"ok"/)
    expect(await sendRaw(port, 'GET /metrics HTTP/1.1', 'Host: x y', 'Connection: close')).toMatch(/ 200 /)
  } finally {
    expect(await worker.kill('SIGTERM')).toBe(0)
  }
})
