import { afterEach, expect, spyOn, test } from 'bun:test'
import { availableParallelism } from 'node:os'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { signUp } from '../support/people'
import { until } from '../support/until'

/** Two hundred logins at once: few passwords are checked at a time, a bounded line waits, and the feed goes on. */

const stage = useStage()
const CHECKED_MAX = Math.max(1, availableParallelism() - 1)
/** More than find a place in line, also on a machine of many cores. */
const LOGINS = 200 + CHECKED_MAX
const FEEDS = 20
const verify = Bun.password.verify.bind(Bun.password)
let spy: ReturnType<typeof spyOn> | null = null
afterEach(() => spy?.mockRestore())

test('200 logins keep no more than a core less one busy, and every feed is answered before any of them', async () => {
  const instance = stage.instance()
  // The last in line waits for all the others, however slowly this machine checks a password.
  const url = instance.listen(60)
  await signUp(instance.api, 'crowd')
  const [ava] = await cast(instance, 'ava')
  const { sql } = stage.database()
  const [user] = await sql<{ email: string }[]>`select email from users where handle like 'crowd%'`
  const gate = Promise.withResolvers<void>()
  let running = 0
  let mostRunning = 0
  spy = spyOn(Bun.password, 'verify').mockImplementation((async (password: string, hash: string) => {
    mostRunning = Math.max(mostRunning, ++running)
    await gate.promise
    return verify(password, hash).finally(() => running--)
  }) as typeof Bun.password.verify)

  let answered = 0
  const logins = Array.from({ length: LOGINS }, async () => {
    const response = await fetch(`${url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: user?.email, password: 'not the right one' }),
      keepalive: false,
    })
    answered++
    return { status: response.status, retryAfter: response.headers.get('retry-after') }
  })
  const inLine = CHECKED_MAX + 64
  // Whoever finds the line full is told at once; the others wait behind the gate.
  await until('all but those in line to be told', () => answered === LOGINS - inLine)
  for (let at = 0; at < FEEDS; at++) {
    const feed = await fetch(`${url}/feed`, { headers: { Authorization: `Bearer ${ava.token}` } })
    expect(feed.status).toBe(200)
  }
  expect(answered).toBe(LOGINS - inLine)
  gate.resolve()
  const answers = await Promise.all(logins)
  expect(mostRunning).toBe(CHECKED_MAX)
  const told = answers.filter(({ status }) => status === 503)
  expect(told).toHaveLength(LOGINS - inLine)
  expect(told.every(({ retryAfter }) => Number(retryAfter) >= 1)).toBe(true)
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(inLine)
})
