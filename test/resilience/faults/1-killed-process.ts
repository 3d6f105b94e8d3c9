import { newId } from '../../../src/kernel/ids.ts'
import { call } from '../support/calls.ts'
import { startApi } from '../support/service.ts'
import type { Fault } from '../support/stage.ts'

/** kill -9 in the middle of POST /stories with a key, the client trying again on another instance. */
export const killedProcess: Fault = {
  name: '1 kill -9 of an API process during POST /stories',
  isInQuick: true,
  async run({ stores, people, report, isQuick }) {
    const kills = isQuick ? 5 : 50
    const perKill = 8
    const survivor = await startApi(stores.env)
    const counts = { attempted: 0, acknowledged: 0, worstMs: 0 }
    const audience = people.slice(0, 5).map((person) => person.id)
    const texts: string[] = []
    let cutShort = 0
    let replayed = 0
    const startedMs = performance.now()
    let victim = await startApi(stores.env)
    for (let turn = 0; turn < kills; turn++) {
      const next = turn + 1 < kills ? startApi(stores.env) : null
      const posts = Array.from({ length: perKill }, async (_, at) => {
        const person = people[5 + ((turn + at) % (people.length - 5))] ?? null
        const key = newId()
        const body = { text: `killed ${key}`, visibility: 'friends', audience_user_ids: audience }
        counts.attempted++
        texts.push(body.text)
        for (let attempt = 0; attempt < 50; attempt++) {
          const answer = await call(attempt === 0 ? victim.url : survivor.url, person, 'POST', '/stories', {
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
      // A different moment of the request each time.
      await Bun.sleep((turn * 13) % 300)
      await victim.kill()
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
      load: `${kills} kills, ${perKill} posts in flight each`,
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
    await survivor.stop()
  },
}
