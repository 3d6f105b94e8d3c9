import { newId } from '../../../src/kernel/ids.ts'
import { call } from '../support/calls.ts'
import { type Door, openDoor } from '../support/door.ts'
import { type Process, startApi } from '../support/service.ts'
import type { Fault } from '../support/stage.ts'

const PER_KILL = 8
const COMMITTED = Buffer.from('COMMIT\0')
/** Without so many commits in time the turn's posts are over, or were never going to be. */
const COMMITS_MS_MAX = 2000

/**
 * Resolves when the process has to die. In one turn of four that is some moment of the request; in the others it is when
 * PostgreSQL has said `COMMIT` to so many of the posts, and the process is never told of those.
 */
async function momentOfDeath(turn: number, database: Door): Promise<void> {
  // A different moment of the request each time.
  if (turn % 4 === 0) return Bun.sleep((turn * 13) % 300)
  const wanted = 2 + (turn % (PER_KILL - 1))
  const enough = Promise.withResolvers<void>()
  let commits = 0
  database.watch((bytes) => {
    if (!bytes.includes(COMMITTED)) return true
    if (++commits === wanted) enough.resolve()
    return false
  })
  await Promise.race([enough.promise, Bun.sleep(COMMITS_MS_MAX)])
}

/** kill -9 in the middle of POST /stories with a key, the client trying again on another instance. */
export const killedProcess: Fault = {
  name: '1 kill -9 of an API process during POST /stories',
  isInQuick: true,
  async run({ stores, people, report, isQuick }) {
    const kills = isQuick ? 5 : 50
    const database = await openDoor(Number(new URL(stores.databaseUrl).port))
    const throughDoor = new URL(stores.databaseUrl)
    throughDoor.port = String(database.port)
    const startVictim = (): Promise<Process> => startApi({ ...stores.env, DATABASE_URL: throughDoor.href })
    const survivor = await startApi(stores.env)
    const counts = { attempted: 0, acknowledged: 0, worstMs: 0 }
    const audience = people.slice(0, 5).map((person) => person.id)
    const texts: string[] = []
    let cutShort = 0
    let replayed = 0
    const startedMs = performance.now()
    let victim = await startVictim()
    for (let turn = 0; turn < kills; turn++) {
      const dying = victim
      // Its pool is open: what is killed is the middle of a post, not of a handshake.
      await Promise.all(people.map((person) => call(dying.url, person, 'GET', '/feed')))
      const next = turn + 1 < kills ? startVictim() : null
      const posts = Array.from({ length: PER_KILL }, async (_, at) => {
        const person = people[5 + ((turn + at) % (people.length - 5))] ?? null
        const key = newId()
        const body = { text: `killed ${key}`, visibility: 'friends', audience_user_ids: audience }
        counts.attempted++
        texts.push(body.text)
        for (let attempt = 0; attempt < 50; attempt++) {
          const answer = await call(attempt === 0 ? dying.url : survivor.url, person, 'POST', '/stories', {
            body,
            key,
          })
          counts.worstMs = Math.max(counts.worstMs, answer.ms)
          if (answer.status === 0) cutShort++
          if (answer.status === 201) {
            counts.acknowledged++
            if (answer.headers.has('idempotent-replayed')) replayed++
            return
          }
          // 409: the dead process still holds the key until PostgreSQL has noticed.
          await Bun.sleep(50)
        }
      })
      await momentOfDeath(turn, database)
      await dying.kill()
      database.watch(null)
      await Promise.all(posts)
      if (next !== null) victim = await next
    }
    const rows = await stores.sql<{ text: string; n: number; people: number }[]>`
      select s.text, count(distinct s.id)::int as n, count(a.user_id)::int as people
      from stories s left join story_audience a on a.story_id = s.id
      where s.text like 'killed %' group by s.text`
    const orphans = await stores.sql`
      select 1 from story_audience a left join stories s on s.id = a.story_id where s.id is null`
    const lost = texts.filter((text) => !rows.some((row) => row.text === text)).length
    const doubled = rows.filter((row) => row.n > 1).length
    const half = rows.filter((row) => row.people !== audience.length).length
    report.row({
      fault: this.name,
      load: `${kills} kills, ${PER_KILL} posts each, ${replayed} cut after the commit`,
      ...counts,
      lost,
      doubled,
      recoverySeconds: null,
    })
    report.check(
      this.name,
      'exactly one story a key',
      lost === 0 && doubled === 0 && counts.acknowledged === counts.attempted,
      `${cutShort} cut short, ${replayed} of them had been committed, ${Math.round((performance.now() - startedMs) / 1000)} s`,
    )
    report.check(this.name, 'no half story, no orphan audience', half === 0 && orphans.length === 0)
    report.check(this.name, 'the kills hit requests in flight', cutShort > 0, `${cutShort}`)
    report.check(
      this.name,
      'at least a quarter of the posts that were cut short had been committed',
      replayed >= cutShort / 4,
      `${replayed} of ${cutShort}`,
    )
    await survivor.stop()
    database.close()
  },
}
