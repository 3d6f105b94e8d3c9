import { afterEach, beforeEach, expect, test } from 'bun:test'
import { newId } from '../../src/kernel/ids'
import { createDatabase } from '../../src/platform/database/client'
import { createTransact } from '../../src/platform/database/transact'
import { createStores } from '../../src/stores'
import { useStage } from '../support/context'
import { until } from '../support/until'

/** A transaction whose connection is cut fails for who asked, and harms nothing else in the process. */

const stage = useStage()
const NAME = 'cut'

const uncaught: unknown[] = []
const note = (error: unknown) => void uncaught.push(error)
beforeEach(() => void process.on('uncaughtException', note))
afterEach(() => void process.off('uncaughtException', note))

const open = () => {
  const url = new URL(stage.database().url)
  const database = createDatabase({
    url: url.href,
    prepare: true,
    applicationName: NAME,
    poolSizeMax: 4,
    deadlineMs: 5000,
  })
  const stores = (db: typeof database.db) => createStores(db, { friendsRule: 'following' })
  return { ...database, transact: createTransact(database.db, stores, note) }
}
const sessions = () => stage.database().sql<{ pid: number; wait: string | null }[]>`
  select pid, wait_event_type as wait from pg_stat_activity where application_name = ${NAME}`
const cutAll = async () =>
  void (await stage.database()
    .sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${NAME}`)
/** What the driver does with a connection that has ended comes some turns later. */
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

test('a sign-up that waits for another one with the same address', async () => {
  const { transact, ping, close } = open()
  const signUp = (email: string) =>
    transact(({ accounts }) =>
      accounts.insertUser({
        id: newId(),
        email,
        handle: `h_${newId().slice(-12)}`,
        passwordHash: '-',
        createdAt: new Date(),
      }),
    )
  await stage
    .database()
    .sql.begin(async (tx) => {
      await tx`insert into users (id, email, handle, password_hash) values (${newId()}, 'twin@example.com', 'twin', '-')`
      const waiting = signUp('twin@example.com').catch((error: unknown) => error)
      await until('it to wait for the other', async () =>
        (await sessions()).some(({ wait }) => wait === 'Lock'),
      )
      await cutAll()
      expect(await waiting).toMatchObject({ status: 503 })
      await turns(20)
      throw new Error('taken back')
    })
    .catch(() => undefined)
  await until('a new connection', () =>
    ping().then(
      () => true,
      () => false,
    ),
  )
  expect(typeof (await signUp('twin@example.com'))).toBe('object')
  await close()
  expect(uncaught).toEqual([])
})

test('one that has nothing left to ask when its connection has been cut', async () => {
  const { transact, ping, close } = open()
  const { promise: goOn, resolve } = Promise.withResolvers<void>()
  const cut = transact(async ({ accounts }) => {
    await accounts.findUserById(newId())
    await goOn
    return 'done'
  }).catch((error: unknown) => error)
  await until('the transaction', async () => (await sessions()).length > 0)
  await cutAll()
  await until('its session to end', async () => (await sessions()).length === 0)
  await turns(20)
  resolve()
  expect(await cut).toMatchObject({ status: 503 })
  await turns(20)
  await until('a new connection', () =>
    ping().then(
      () => true,
      () => false,
    ),
  )
  await close()
  expect(uncaught).toEqual([])
})
