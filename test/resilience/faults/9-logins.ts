import { createPasswords } from '../../../src/platform/passwords.ts'
import { type Answer, call } from '../support/calls.ts'
import { startApi } from '../support/service.ts'
import type { Fault } from '../support/stage.ts'

const LOGINS = 200
const FEEDS = 40

/** Passwords are dear to check: two hundred logins at once may not take the feed from everybody else. */
export const logins: Fault = {
  name: '9 200 logins at once',
  isInQuick: true,
  async run({ stores, people, report }) {
    const api = await startApi(stores.env)
    const password = 'correct horse battery'
    const hash = await createPasswords().hash(password)
    await stores.sql`update users set password_hash = ${hash}`
    const users = await stores.sql<{ email: string }[]>`select email from users order by id`
    for (const person of people) await call(api.url, person, 'GET', '/feed')
    const answers: Answer[] = []
    const running = Array.from({ length: LOGINS }, async (_, at) => {
      const body = { email: users[at % users.length]?.email, password }
      answers.push(await call(api.url, null, 'POST', '/auth/login', { body, timeoutMs: 60_000 }))
    })
    await Bun.sleep(50)
    const feeds: Answer[] = []
    let pending = 0
    for (let at = 0; at < FEEDS; at++) {
      feeds.push(await call(api.url, people[at % people.length] ?? null, 'GET', '/feed'))
      pending = LOGINS - answers.length
    }
    await Promise.all(running)
    const good = answers.filter((answer) => answer.status === 200)
    const told = answers.filter((answer) => answer.status === 503 && answer.headers.has('retry-after'))
    const worstMs = Math.max(...feeds.map((answer) => answer.ms))
    report.check(
      this.name,
      'the feeds asked for after them are all answered before them',
      feeds.every((answer) => answer.status === 200) && pending > 0,
      `${feeds.length} feeds, the slowest ${Math.round(worstMs)} ms, while ${pending} logins waited`,
    )
    report.check(
      this.name,
      'each login is answered: let in, or told when to come back',
      good.length > 0 && good.length + told.length === LOGINS,
      `${good.length} let in, ${told.length} told`,
    )
    report.row({
      fault: this.name,
      load: `${LOGINS} logins, ${FEEDS} feeds`,
      attempted: LOGINS + FEEDS,
      acknowledged: good.length + feeds.filter((answer) => answer.status === 200).length,
      lost: 0,
      doubled: 0,
      worstMs,
      recoverySeconds: null,
    })
    await api.stop()
  },
}
