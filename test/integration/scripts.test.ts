import { expect, test } from 'bun:test'
import type { Session, User } from '../../src/features/accounts/schema'
import { SEED_PASSWORD } from '../../src/scripts/seed-cast'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { runToEnd } from '../support/processes'

/** What operators and newcomers run by hand. */

const stage = useStage()

test('`make seed` makes the demo people and their stories, and a second time adds nothing', async () => {
  const seed = async () => {
    const { code, output } = await runToEnd(['src/scripts/seed.ts'], stage.env())
    const [, added, all] = / (\d+) of (\d+) stories added$/.exec(output.join()) ?? []
    return { code, added, all }
  }
  const { all } = await seed()
  expect(Number(all)).toBeGreaterThan(0)
  expect(await seed()).toEqual({ code: 0, added: '0', all })
  const { api } = stage.instance()
  const body = { email: 'ava@example.com', password: SEED_PASSWORD }
  const { access_token: token } = (await api.call('POST', '/auth/login', { body })).as<Session>()
  const stories = (await api.call('GET', '/me/stories', { token })).as<{ items: { media_type: string }[] }>()
  expect(stories.items.map(({ media_type }) => media_type)).toContain('image/png')
})

test('`make admin` makes an admin of who has the email, however it is written, and of nobody else', async () => {
  const grant = (email: string) => runToEnd(['src/scripts/grant-admin.ts', email], stage.env())
  const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
  const { email } = (await ava.get('/me')).as<User>()
  expect((await grant(` ${email.toUpperCase()} `)).code).toBe(0)
  expect((await ava.get('/me')).as<User>().role).toBe('admin')
  expect((await ben.get('/me')).as<User>().role).toBe('user')
  expect(await grant('nobody@example.com')).toMatchObject({ code: 1 })
})
