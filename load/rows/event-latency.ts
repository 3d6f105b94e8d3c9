import { join } from 'node:path'
import type { Bench } from '../support/bench'
import type { Arm, Done, Order, PlannedEvent } from '../support/event-client'
import { needOpenFiles, PROJECT_DIR, startProcess } from '../support/processes'
import type { RowResult } from '../support/result'
import { median, percentile, round } from '../support/stats'
import { createPeople, personId, READERS } from '../support/world'

const LISTENERS = Number(process.env.BENCH_LISTENERS ?? 10_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const SECONDS = Math.min(8, Number(process.env.BENCH_SECONDS ?? 6))
const RATE = 1000
const RATES = process.env.BENCH_RATE ? [Number(process.env.BENCH_RATE)] : [RATE, 750, 500, 350, 250, 150]
/** A rate is held when all arrives, and this much of it before the last one is sent. */
const LATE_SHARE_MAX = 0.03
const FIRST_LISTENER = 1001
const CONNECTIONS = 64
const POOL = 16
const CHANNEL = 'relay'
const BOUND = 3
/** Until most of the service's code is compiled: at this rate it takes longer than in a row at full load. */
const WARM_UP_ROUNDS = 4

type Client = Readonly<{ ask(order: Order): Promise<Done | 'open'>; stop(): void }>

/** Row 8: from a view or a reaction to its event at the author, beside an insert and a bare relay at the same rate. */
export async function measureEventLatency(bench: Bench): Promise<RowResult> {
  needOpenFiles(LISTENERS + 500)
  await createPeople(bench, 'people')
  const database = 'event_latency'
  await bench.dropDatabase(database)
  await bench.createDatabase(database, 'people')
  await bench.flushRedis()
  const stories = await createListenersStories(bench, database)
  const senders = Array.from({ length: READERS }, (_, i) => {
    const userId = personId(i + 1)
    return { userId, token: bench.tokenOf(userId) }
  })
  const plan = planner(stories, senders)

  const api = await bench.startApi(database)
  const relay = await startProcess({
    command: [process.execPath, '--no-env-file', 'load/support/sse-relay.ts'],
    env: { PATH: process.env.PATH ?? '', REDIS_URL: bench.redisUrl, RELAY_CHANNEL: CHANNEL },
    logFile: join(bench.tempDir, 'relay.log'),
  })
  const clients = { service: startClient(), relay: startClient() }
  try {
    const tokens = stories.map((_, i) => bench.tokenOf(personId(FIRST_LISTENER + i)))
    const relayArm: Arm = {
      kind: 'relay',
      databaseUrl: bench.databaseUrl(database),
      redisUrl: bench.redisUrl,
      channel: CHANNEL,
      connections: POOL,
    }
    await clients.relay.ask({
      do: 'open',
      arm: relayArm,
      port: relay.port,
      tokens: stories.map((_, i) => String(i)),
    })
    await clients.service.ask({
      do: 'open',
      arm: { kind: 'service', connections: CONNECTIONS },
      port: api.port,
      tokens,
    })
    bench.log(`${LISTENERS} listeners on each`)
    const run = (arm: 'service' | 'relay', perSecond: number) =>
      clients[arm].ask({ do: 'send', events: plan(perSecond * SECONDS), perSecond }) as Promise<Done>
    const perSecond = await findRate(bench, run)
    for (let i = 0; i < WARM_UP_ROUNDS; i++) {
      await run('relay', perSecond)
      await run('service', perSecond)
    }
    const rounds: { service: Done; relay: Done }[] = []
    for (let i = 0; i < ROUNDS; i++) {
      const relayed = await run('relay', perSecond)
      const served = await run('service', perSecond)
      rounds.push({ service: served, relay: relayed })
      bench.log(`service ${describe(served)}; relay ${describe(relayed)}`)
    }
    return resultOf(rounds, perSecond)
  } finally {
    clients.service.stop()
    clients.relay.stop()
    await Promise.all([api.stop(), relay.stop()])
  }
}

/** The highest of the rates that both arms hold; also what warms them up. */
async function findRate(
  bench: Bench,
  run: (arm: 'service' | 'relay', perSecond: number) => Promise<Done>,
): Promise<number> {
  await run('service', RATES.at(-1) ?? 1)
  for (const perSecond of RATES) {
    const tried = { relay: await run('relay', perSecond), service: await run('service', perSecond) }
    bench.log(`${perSecond}/s: service ${describe(tried.service)}; relay ${describe(tried.relay)}`)
    if (isHeld(tried.relay) && isHeld(tried.service)) return perSecond
  }
  throw new Error('not even the lowest rate is held')
}

const isHeld = ({ lost, failures, lateShare }: Done) =>
  lost === 0 && failures === 0 && lateShare <= LATE_SHARE_MAX

const at = (share: number, { latenciesMs }: Done) => percentile(latenciesMs, share)
const describe = (done: Done) =>
  `p50 ${round(at(0.5, done), 1)} ms, p99 ${round(at(0.99, done), 1)} ms, ${round(done.lateShare * 100, 1)} % late, ${done.lost} lost, ${done.failures} failed`

function resultOf(rounds: readonly { service: Done; relay: Done }[], perSecond: number): RowResult {
  const ratios = rounds.map((item) => at(0.99, item.service) / at(0.99, item.relay))
  const middle = (arm: 'service' | 'relay', share: number) =>
    round(median(rounds.map((item) => at(share, item[arm]))), 1)
  const lost = rounds.reduce((total, item) => total + item.service.lost, 0)
  const isFull = perSecond === RATE
  const ratio = median(ratios)
  return {
    row: '8',
    work: `${perSecond} events/s to random ones of ${LISTENERS} listeners, from request to receipt`,
    yardstick: 'one `insert` + commit, then a bare Redis pub/sub → Bun SSE relay, at the same rate, in turn',
    bound: `p99 ≤ ${BOUND} ×`,
    found: `${round(ratio)} ×${isFull ? '' : ` at ${perSecond}/s, the highest rate that both held`}`,
    reached: ratio <= BOUND && lost === 0 && isFull,
    rounds: ratios.map((value) => `${round(value)} ×`),
    absolute: [
      `service p50 ${middle('service', 0.5)} ms, p99 ${middle('service', 0.99)} ms; relay p50 ${middle('relay', 0.5)} ms, p99 ${middle('relay', 0.99)} ms; ${lost} events lost`,
    ],
    notes: [
      `Views and reactions in turn by ${READERS} people over ${CONNECTIONS} kept connections; the relay is told by its sender directly, without HTTP, over a pool of ${POOL}. Each arm has a process that sends and receives, so one clock measures; senders, service, PostgreSQL and Redis share the machine.`,
    ],
  }
}

/** A public story of each listener; the row's place is the listener's. */
async function createListenersStories(bench: Bench, database: string): Promise<string[]> {
  const sql = bench.sql(database)
  const authors = Array.from({ length: LISTENERS }, (_, i) => personId(FIRST_LISTENER + i))
  await sql`create table plain_events (
    id bigint generated always as identity primary key, story_id uuid, user_id uuid, data text)`
  const rows = await sql<{ author_id: string; id: string }[]>`
    insert into stories (id, author_id, text, visibility, has_audience, created_at, expires_at)
    select gen_random_uuid(), author, 'listened to', 'public', false, now(), now() + interval '24 hours'
    from unnest(${`{${authors.join(',')}}`}::text::uuid[]) author returning author_id, id`
  await sql`analyze stories`
  const byAuthor = new Map(rows.map((row) => [row.author_id, row.id]))
  return authors.map((author) => byAuthor.get(author) ?? '')
}

/** Plans events none of which has been before, as only a first view or reaction is one. */
function planner(stories: readonly string[], senders: readonly { userId: string; token: string }[]) {
  const used = new Set<number>()
  let turn = 0
  const next = (): PlannedEvent => {
    for (;;) {
      const listener = Math.floor(Math.random() * stories.length)
      const place = turn++ % senders.length
      const pair = listener * senders.length + place
      const sender = senders[place]
      if (used.has(pair) || sender === undefined) continue
      used.add(pair)
      return { listener, storyId: stories[listener] ?? '', ...sender, emoji: turn % 2 === 0 ? '🔥' : null }
    }
  }
  return (count: number): PlannedEvent[] => Array.from({ length: count }, next)
}

function startClient(): Client {
  let settle: { resolve: (answer: Done | 'open') => void; reject: (error: Error) => void } | null = null
  const child = Bun.spawn(
    [process.execPath, '--no-env-file', join(PROJECT_DIR, 'load/support/event-client.ts')],
    {
      ipc: (answer: Done | 'open') => settle?.resolve(answer),
      stdout: 'inherit',
      stderr: 'inherit',
      onExit: () => settle?.reject(new Error('a client of the bench has ended')),
    },
  )
  return {
    ask: (order) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        child.send(order)
      }),
    stop: () => child.kill(),
  }
}
