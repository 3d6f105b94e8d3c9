import { expect, test } from 'bun:test'
import { fakeContext } from '../../../test/support/fake-context'
import { NOON } from '../../../test/support/fakes/clock'
import { createWorkerStatus } from './worker-status'

function setUp() {
  const { ctx, clock } = fakeContext({ config: { workerIntervalSeconds: 60 } })
  const status = createWorkerStatus(ctx)
  const health = async () => {
    const answer = await status.respond('/healthz')
    return [answer.status, (await answer.json()).last_success]
  }
  const metrics = async () => (await status.respond('/metrics')).text()
  return { clock, status, health, metrics }
}

test('the worker tells when a sweep last ended well', async () => {
  const { clock, status, health, metrics } = setUp()
  expect(await metrics()).toContain('worker_last_success_timestamp_seconds 0\n')
  clock.advance(5)
  status.noteSuccess()
  clock.advance(5)
  expect(await metrics()).toContain(`worker_last_success_timestamp_seconds ${NOON.getTime() / 1000 + 5}\n`)
  expect(await health()).toEqual([200, new Date(NOON.getTime() + 5000).toISOString()])
})

test('the worker is not well after three intervals without a good sweep, and well again after the next one', async () => {
  const { clock, status, health } = setUp()
  clock.advance(3 * 60 + 29)
  expect(await health()).toEqual([200, null])
  clock.advance(1)
  expect(await health()).toEqual([503, null])
  status.noteSuccess()
  expect((await health())[0]).toBe(200)
})
