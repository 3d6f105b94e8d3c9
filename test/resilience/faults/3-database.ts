import postgres from 'postgres'
import { call } from '../support/calls.ts'
import { readEvents } from '../support/events.ts'
import { audit, startLoad } from '../support/load.ts'
import { startApi } from '../support/service.ts'
import {
  connectionsOf,
  type Fault,
  internalErrors,
  type Stage,
  secondsUntil,
  statusOf,
} from '../support/stage.ts'

type Case = Readonly<{
  name: string
  isAway: boolean
  during(stage: Stage): Promise<void>
  end(stage: Stage): Promise<void> | void
}>

const hold = ({ isQuick }: Stage) => Bun.sleep(isQuick ? 3000 : 10_000)

const cases: readonly Case[] = [
  {
    name: '3a PostgreSQL stopped and started',
    isAway: true,
    async during(stage) {
      await stage.stores.postgres.stop()
      await hold(stage)
    },
    end: ({ stores }) => stores.postgres.start(),
  },
  {
    name: '3b PostgreSQL paused',
    isAway: true,
    async during(stage) {
      stage.stores.postgres.pause()
      await hold(stage)
    },
    end: ({ stores }) => stores.postgres.resume(),
  },
  {
    name: '3c connections cut 10 times',
    isAway: false,
    async during({ stores }) {
      for (let turn = 0; turn < 10; turn++) {
        await stores.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'api'`
        await Bun.sleep(300)
      }
    },
    end: () => undefined,
  },
]

/** Without the database: 503 with Retry-After within 3 s, and all by itself back when it is. */
export const database: Fault = {
  name: '3 PostgreSQL',
  isInQuick: true,
  async run(stage) {
    for (const item of cases) await runCase(stage, item)
    await idleTransaction(stage)
  },
}

async function runCase(stage: Stage, { name, isAway, during, end }: Case): Promise<void> {
  const { stores, people, report } = stage
  const api = await startApi(stores.env)
  const load = startLoad({ doors: () => [api.url], people, workers: 10, restMs: 40 })
  await Bun.sleep(1500)
  load.resetWorst()
  const watch = { live: 0, ready: 0 }
  const running = during(stage)
  if (isAway) {
    await Bun.sleep(2000)
    watch.live = await statusOf(api.url, '/livez')
    watch.ready = await statusOf(api.url, '/readyz')
  }
  await running
  const worstMs = load.counts.worstMs
  await end(stage)
  const acknowledged = load.counts.acknowledged
  const recovery = await secondsUntil(
    async () => (await statusOf(api.url, '/readyz')) === 200 && load.counts.acknowledged > acknowledged + 5,
  )
  await Bun.sleep(1500)
  await load.stop()
  const found = await audit(stores.sql, load.acknowledgedTexts)
  const connections = await connectionsOf(stores)
  if (isAway)
    report.check(
      name,
      '/livez 200, /readyz 503',
      watch.live === 200 && watch.ready === 503,
      `${watch.live}, ${watch.ready}`,
    )
  report.check(name, 'each answer within 3 s', worstMs < 3000, `${Math.round(worstMs)} ms`)
  report.check(
    name,
    'only 503 with Retry-After',
    load.odd.length === 0 && load.counts.failed === 0,
    load.odd[0] ?? `${load.counts.unavailable} of them`,
  )
  report.check(
    name,
    'back without a restart, within 5 s',
    recovery < 5 && !api.child.hasExited(),
    `${recovery.toFixed(1)} s`,
  )
  report.check(name, 'the pool is not leaked', connections <= 16, `${connections} connections`)
  report.check(name, 'nothing acknowledged is lost, nothing is there twice', found.lost + found.doubled === 0)
  report.check(name, 'no bug came out', internalErrors([api]).length === 0, internalErrors([api])[0] ?? '')
  report.row({
    fault: name,
    load: '10 clients',
    attempted: load.counts.attempted,
    acknowledged: load.counts.acknowledged,
    ...found,
    worstMs,
    recoverySeconds: recovery,
  })
  await api.stop()
}

/** A writer that somebody forgot, in another database of the cluster: events wait for it and then arrive. */
async function idleTransaction({ stores, people, report }: Stage): Promise<void> {
  const name = '3d transaction left idle in another database'
  const [author] = people as [(typeof people)[0]]
  const api = await startApi(stores.env)
  const events = readEvents(api.url, author)
  await secondsUntil(async () => events.isOpen())
  const other = new URL(stores.databaseUrl)
  other.pathname = '/postgres'
  const stranger = postgres(other.href, { max: 1, onnotice: () => undefined })
  const release = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const idle = stranger.begin(async (sql) => {
    await sql`select pg_current_xact_id()`
    opened.resolve()
    await release.promise
  })
  await opened.promise
  const story = await call(api.url, author, 'POST', '/stories', {
    body: { text: 'seen meanwhile', visibility: 'public' },
  })
  const viewers = people.slice(1, 11)
  const views = await Promise.all(
    viewers.map((person) => call(api.url, person, 'POST', `/stories/${story.body.id}/view`)),
  )
  await secondsUntil(async () => (await api.metric('events_lag_seconds')) > 1, 8)
  const lag = await api.metric('events_lag_seconds')
  const early = events.received().length
  release.resolve()
  await idle
  const recovery = await secondsUntil(async () => events.received().length === viewers.length, 10)
  report.check(
    name,
    'requests go on',
    views.every((view) => view.status === 200),
  )
  report.check(name, 'events_lag_seconds tells', lag > 1, `${lag.toFixed(1)} s`)
  report.check(
    name,
    'events wait, then all arrive',
    early === 0 && events.received().length === viewers.length,
    `${early}, then ${events.received().length}`,
  )
  const worstMs = Math.max(...views.map((view) => view.ms))
  report.row({
    fault: name,
    load: '10 views',
    attempted: 10,
    acknowledged: views.filter((view) => view.status === 200).length,
    lost: viewers.length - events.received().length,
    doubled: 0,
    worstMs,
    recoverySeconds: recovery,
  })
  events.close()
  await stranger.end({ timeout: 1 })
  await api.stop()
}
