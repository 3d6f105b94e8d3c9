import { describe, expect, test } from 'bun:test'
import { aUser } from '../../../test/support/builders'
import { ava, mod } from '../../../test/support/cast'
import { fakeClock } from '../../../test/support/fakes/clock'
import { until } from '../../../test/support/until'
import { createFindUser } from './find-user'
import type { UserRow } from './store'

function setUp(users: UserRow[]) {
  const clock = fakeClock()
  let asked = 0
  const state = { failure: null as Error | null }
  const findRoles = async (ids: readonly string[]) => {
    asked++
    if (state.failure !== null) throw state.failure
    return new Map(users.filter(({ id }) => ids.includes(id)).map(({ id, role }) => [id, role]))
  }
  return { clock, state, asked: () => asked, find: createFindUser({ findRoles }, clock) }
}

describe('findUser', () => {
  test('asks once in five seconds for a user who is there', async () => {
    const { find, clock, asked } = setUp([aUser(mod)])
    expect((await find(mod.id))?.role).toBe('admin')
    clock.advance(2.4)
    await find(mod.id)
    expect(asked()).toBe(1)
    clock.advance(2.6)
    await find(mod.id)
    expect(asked()).toBe(2)
  })
  test('lets nobody wait who goes on asking, and asks once for all of their requests meanwhile', async () => {
    const { find, clock, asked } = setUp([aUser(mod)])
    await find(mod.id)
    for (let seconds = 0; seconds < 30; seconds += 3) {
      clock.advance(3)
      for (let i = 0; i < 3; i++) expect(find(mod.id)).toMatchObject({ role: 'admin' })
      await until('the look in the background', () => asked() === seconds / 3 + 2)
    }
  })
  test('locks out a removed user within that time', async () => {
    const users = [aUser()]
    const { find, clock } = setUp(users)
    await find(ava.id)
    users.pop()
    clock.advance(5)
    expect(await find(ava.id)).toBeNull()
  })
  test('locks out a removed user who goes on asking, as soon as that is seen', async () => {
    const users = [aUser()]
    const { find, clock, asked } = setUp(users)
    await find(ava.id)
    users.pop()
    clock.advance(2.5)
    expect(find(ava.id)).not.toBeNull()
    await until('the look in the background', () => asked() === 2)
    expect(await find(ava.id)).toBeNull()
  })
  test('goes on for no longer than the five seconds when it cannot ask', async () => {
    const { find, clock, state, asked } = setUp([aUser()])
    await find(ava.id)
    state.failure = new Error('gone')
    clock.advance(2.5)
    expect(find(ava.id)).toMatchObject({ role: 'user' })
    await until('the look in the background', () => asked() === 2)
    clock.advance(2.4)
    expect(find(ava.id)).toMatchObject({ role: 'user' })
    clock.advance(0.1)
    await expect(Promise.resolve(find(ava.id))).rejects.toThrow('gone')
  })
  test('never remembers that there is nobody', async () => {
    const users: UserRow[] = []
    const { find } = setUp(users)
    expect(await find(ava.id)).toBeNull()
    users.push(aUser())
    expect(await find(ava.id)).not.toBeNull()
  })
  test('asks again when the clock went back', async () => {
    const { find, clock, asked } = setUp([aUser()])
    await find(ava.id)
    clock.advance(-60)
    await find(ava.id)
    expect(asked()).toBe(2)
  })
})
