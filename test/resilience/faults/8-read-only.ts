import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { call } from '../support/calls.ts'
import { startApi } from '../support/service.ts'
import { type Fault, internalErrors, type Stage, secondsUntil } from '../support/stage.ts'

/** The database takes no writes, by order or for want of space: a clear 503, reads go on, no crash. */
export const readOnly: Fault = {
  name: '8 database without writes',
  isInQuick: true,
  async run(stage) {
    const { stores } = stage
    const set = async (value: string) => {
      await stores.sql.unsafe(`alter database stories set default_transaction_read_only = ${value}`)
      await stores.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'api'`
    }
    await runCase(
      stage,
      '8a read-only database',
      () => set('on'),
      async () => {
        const url = new URL(stores.databaseUrl)
        url.pathname = '/postgres'
        const admin = postgres(url.href, { max: 1 })
        await admin`alter database stories set default_transaction_read_only = off`
        await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'api'`
        await admin.end()
      },
    )
    await diskFull(stage)
  },
}

async function runCase(
  { stores, people, report }: Stage,
  name: string,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Promise<void> {
  const api = await startApi(stores.env)
  const [author] = people as [(typeof people)[0]]
  const text = 'x'.repeat(400)
  const post = () => call(api.url, author, 'POST', '/stories', { body: { text, visibility: 'public' } })
  await post()
  await begin()
  await secondsUntil(async () => (await post()).status !== 201, 30)
  const answers = await Promise.all(Array.from({ length: 30 }, post))
  const refused = answers.filter((answer) => answer.status === 503 && answer.headers.has('retry-after'))
  const feed = await call(api.url, author, 'GET', '/feed')
  const isAlive = !api.child.hasExited()
  await end()
  const recovery = await secondsUntil(async () => (await post()).status === 201)
  const worstMs = Math.max(...answers.map((answer) => answer.ms))
  report.check(
    name,
    'each write is told 503 with Retry-After',
    refused.length === answers.length,
    answers
      .map((answer) => answer.status)
      .join(' ')
      .slice(0, 120),
  )
  report.check(name, 'reads go on', feed.status === 200, String(feed.status))
  report.check(name, 'no crash, and back by itself', isAlive && recovery < 5, `${recovery.toFixed(1)} s`)
  report.check(name, 'no bug came out', internalErrors([api]).length === 0, internalErrors([api])[0] ?? '')
  report.row({
    fault: name,
    load: '30 posts at once',
    attempted: answers.length,
    acknowledged: answers.filter((answer) => answer.status === 201).length,
    lost: 0,
    doubled: 0,
    worstMs,
    recoverySeconds: recovery,
  })
  await api.stop()
}

/** The table of stories moves to a small file system of its own, which then is full. */
async function diskFull(stage: Stage): Promise<void> {
  const { stores, report } = stage
  const name = '8b disk full'
  const place = join(stores.dir, 'small')
  mkdirSync(place, { recursive: true })
  // PostgreSQL insists on owning it.
  const { uid, gid } = statSync(join(stores.dir, 'postgres'))
  const options = `size=48m,mode=700,uid=${uid},gid=${gid}`
  if (!Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', place]).success) {
    report.check(name, 'left out: this needs the right to mount a small file system', true)
    return
  }
  try {
    await stores.sql.unsafe(`create tablespace small location '${place}'`)
    await stores.sql`alter table stories set tablespace small`
    await runCase(
      stage,
      name,
      async () => {
        Bun.spawnSync(['dd', 'if=/dev/zero', `of=${join(place, 'filler')}`, 'bs=64k'], { stderr: 'ignore' })
      },
      async () => {
        Bun.spawnSync(['rm', '-f', join(place, 'filler')])
      },
    )
    await stores.sql`alter table stories set tablespace pg_default`
    await stores.sql`drop tablespace small`
  } finally {
    Bun.spawnSync(['umount', '-l', place])
  }
}
