import { describe, expect, test } from 'bun:test'
import { until } from '../../../test/support/until'
import { createHangGuard } from './hang-guard'

const DEADLINE_MS = 200
const POOL_SIZE = 2

function setUp() {
  const replaced: number[] = []
  let pool = 0
  const guard = createHangGuard<number>({
    deadlineMs: DEADLINE_MS,
    poolSizeMax: POOL_SIZE,
    pool: () => pool,
    replace(old) {
      replaced.push(old)
      pool++
    },
  })
  /** A unit of work whose answer the test gives. */
  const ask = () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const unit = { isSent: false, pool: -1, answer: resolve, refuse: reject }
    const outcome = guard
      .run((on) => {
        Object.assign(unit, { isSent: true, pool: on })
        return promise
      })
      .catch((error: { code?: string }) => error.code ?? String(error))
    return Object.assign(unit, { outcome })
  }
  return { replaced, ask }
}

const lockedOut = () => Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' })

describe('a server that answers nobody', () => {
  test('hangs: its pool is replaced, and until one has gone through others fail at once', async () => {
    const { replaced, ask } = setUp()
    const first = ask()
    expect(await first.outcome).toBe('unavailable')
    expect(replaced).toEqual([0])
    const probe = ask()
    expect(probe.pool).toBe(1)
    expect(await ask().outcome).toBe('unavailable')
    probe.answer('here')
    expect(await probe.outcome).toBe('here')
    const after = ask()
    after.answer('again')
    expect(await after.outcome).toBe('again')
  })
})

describe('a server that is slow keeps its pool', () => {
  test('when it answers others, and be it that they waited for a lock in vain', async () => {
    const { replaced, ask } = setUp()
    const slow = ask()
    const refused = ask()
    refused.refuse(lockedOut())
    expect(await refused.outcome).toBe('unavailable')
    expect(await slow.outcome).toBe('unavailable')
    expect(replaced).toEqual([])
  })
  test('when its answer comes late', async () => {
    const { replaced, ask } = setUp()
    const late = ask()
    expect(await late.outcome).toBe('unavailable')
    expect(replaced).toEqual([0])
    late.refuse(lockedOut())
    await late.outcome
    const next = [ask(), ask()]
    for (const one of next) one.answer('here')
    expect(await Promise.all(next.map(({ outcome }) => outcome))).toEqual(['here', 'here'])
  })
})

describe('of a burst', () => {
  test('no more are sent than there are connections, the others in turn', async () => {
    const { ask } = setUp()
    const units = [ask(), ask(), ask(), ask()]
    const sent = () => units.map(({ isSent }) => isSent)
    expect(sent()).toEqual([true, true, false, false])
    units[1]?.answer('second')
    await until('the third', () => units[2]?.isSent === true)
    expect(sent()).toEqual([true, true, true, false])
    for (const one of units) one.answer('done')
    expect(await units[3]?.outcome).toBe('done')
  })
  test('what runs out of time before its turn is never sent, and holds nobody up', async () => {
    const { replaced, ask } = setUp()
    const busy = [ask(), ask()]
    const waiting = [ask(), ask(), ask()]
    // One of them is answered meanwhile, so the server only is slow.
    busy[0]?.refuse(lockedOut())
    await busy[0]?.outcome
    const taken = waiting[0]
    expect(await Promise.all(waiting.map(({ outcome }) => outcome))).toEqual(Array(3).fill('unavailable'))
    for (const one of [busy[1], taken]) one?.refuse(lockedOut())
    const next = ask()
    await until('the next', () => next.isSent)
    next.answer('here')
    expect(await next.outcome).toBe('here')
    expect(waiting.slice(1).map(({ isSent }) => isSent)).toEqual([false, false])
    expect(replaced).toEqual([])
  })
})
