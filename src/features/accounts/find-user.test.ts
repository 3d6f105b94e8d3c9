import { describe, expect, test } from 'bun:test'
import { aUser } from '../../../test/support/builders'
import { ava, mod } from '../../../test/support/cast'
import { fakeClock } from '../../../test/support/fakes/clock'
import { createFindUser } from './find-user'
import type { UserRow } from './store'

function setUp(users: UserRow[]) {
  const clock = fakeClock()
  let asked = 0
  const findRoles = async (ids: readonly string[]) => {
    asked++
    return new Map(users.filter(({ id }) => ids.includes(id)).map(({ id, role }) => [id, role]))
  }
  return { clock, asked: () => asked, find: createFindUser({ findRoles }, clock) }
}

describe('findUser', () => {
  test('asks once in five seconds for a user who is there', async () => {
    const { find, clock, asked } = setUp([aUser(mod)])
    expect((await find(mod.id))?.role).toBe('admin')
    clock.advance(4.9)
    await find(mod.id)
    expect(asked()).toBe(1)
    clock.advance(0.1)
    await find(mod.id)
    expect(asked()).toBe(2)
  })
  test('locks out a removed user within that time', async () => {
    const users = [aUser()]
    const { find, clock } = setUp(users)
    await find(ava.id)
    users.pop()
    clock.advance(5)
    expect(await find(ava.id)).toBeNull()
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
