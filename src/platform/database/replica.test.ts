import { describe, expect, test } from 'bun:test'
import { notFound, unavailable } from '../../kernel/errors'
import { createReplica, type ReplicaRead } from './replica'

type Stores = { name: string }

const stage = () => {
  const reads: ReplicaRead[] = []
  const clock = { ms: 0 }
  const copy = { stores: { name: 'copy' }, ping: async () => undefined }
  const options = {
    primary: { name: 'primary' },
    nowMs: () => clock.ms,
    onRead: (r: ReplicaRead) => reads.push(r),
  }
  return {
    reads,
    clock,
    with: createReplica<Stores>({ ...options, copy }),
    without: createReplica<Stores>({ ...options, copy: null }),
  }
}
const nameOf = async (stores: Stores) => stores.name
const failingOn = (name: string, error: Error) => async (stores: Stores) => {
  if (stores.name === name) throw error
  return stores.name
}

describe('a read that may lag', () => {
  test('goes to the copy, or to the primary where there is none', async () => {
    const place = stage()
    expect([await place.with.read(nameOf), await place.without.read(nameOf)]).toEqual(['copy', 'primary'])
    expect(place.reads).toEqual(['replica'])
    expect(place.without.ping).toBeNull()
  })
  test('is answered by the primary when the copy fails, and others leave the copy alone for a second', async () => {
    const place = stage()
    expect(await place.with.read(failingOn('copy', unavailable(new Error('away'))))).toBe('primary')
    place.clock.ms = 999
    expect(await place.with.read(nameOf)).toBe('primary')
    place.clock.ms = 1000
    expect(await place.with.read(nameOf)).toBe('copy')
    expect(place.reads).toEqual(['fell_back', 'passed_over', 'replica'])
  })
  test('is answered by the primary, too, when the copy does not know a column yet', async () => {
    const error = Object.assign(new Error('column does not exist'), { code: '42703' })
    expect(await stage().with.read(failingOn('copy', error))).toBe('primary')
  })
  test('fails as the primary does when both are away', async () => {
    const away = unavailable(new Error('both'))
    expect(
      await stage()
        .with.read(async () => Promise.reject(away))
        .catch((error: unknown) => error),
    ).toBe(away)
  })
  test('is not asked twice for what is refused', async () => {
    const place = stage()
    const refused = await place.with.read(failingOn('copy', notFound())).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'not_found' })
    expect(place.reads).toEqual([])
  })
})
