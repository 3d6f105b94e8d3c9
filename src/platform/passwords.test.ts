import { afterEach, expect, mock, spyOn, test } from 'bun:test'
import { createPasswords } from './passwords'

/** Algorithm, version and costs of a hash. */
const parametersOf = (hash: unknown) => String(hash).split('$').slice(0, 4).join('$')

afterEach(() => void mock.restore())

test.each([
  ['of an account', (real: string) => real],
  ['that is missing, as the email is unknown', () => null],
  ['that is broken', () => 'no hash'],
  ['that is cut off', (real: string) => real.slice(0, 40)],
])('a hash %s costs the work of one real check', async (_, made) => {
  const passwords = createPasswords()
  const real = await passwords.hash('correct horse battery')
  const spy = spyOn(Bun.password, 'verify')
  expect(await passwords.verify('wrong', made(real))).toBe(false)
  const answers = await Promise.allSettled(spy.mock.results.map(({ value }) => value))
  // A hash that is refused unread is no work.
  const worked = spy.mock.calls.filter((_, i) => answers[i]?.status === 'fulfilled')
  expect(worked.map(([, hash]) => parametersOf(hash))).toEqual([parametersOf(real)])
})
