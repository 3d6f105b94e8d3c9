import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { call } from '../support/calls.ts'
import { readEvents } from '../support/events.ts'
import { makePeople } from '../support/people.ts'
import { startApi } from '../support/service.ts'
import { type Fault, type Stage, secondsUntil } from '../support/stage.ts'

/** Live events: each once, in order, whatever happens to the line. */
export const events: Fault = {
  name: '7 events',
  isInQuick: true,
  async run(stage) {
    await randomReconnects(stage)
    await silentReaders(stage)
    await tokenEnds(stage)
  },
}

async function randomReconnects({ stores, report, isQuick }: Stage): Promise<void> {
  const name = '7a reconnects at random moments'
  const views = isQuick ? 200 : 2000
  const reconnects = isQuick ? 20 : 200
  const apis = [await startApi(stores.env), await startApi(stores.env)]
  const urls = apis.map((api) => api.url)
  const [author, ...viewers] = await makePeople(stores.sql, Math.min(401, views + 1))
  if (author === undefined) return
  const perStory = viewers.length
  const stories: string[] = []
  for (let at = 0; at * perStory < views; at++) {
    const story = await call(urls[0] ?? '', author, 'POST', '/stories', {
      body: { text: `seen ${at}`, visibility: 'public' },
    })
    stories.push(String(story.body.id))
  }
  const seen: { id: string; data: string }[] = []
  // From before the first event: a client cut off at once has a place to come back to as well.
  let stream = readEvents(urls[0] ?? '', author)
  await secondsUntil(async () => stream.isOpen())
  let worstMs = 0
  let acknowledged = 0
  let done = false
  const viewing = Promise.all(
    Array.from({ length: 8 }, async (_, lane) => {
      for (let at = lane; at < views; at += 8) {
        const viewer = viewers[at % perStory] ?? null
        const answer = await call(
          urls[at % 2] ?? '',
          viewer,
          'POST',
          `/stories/${stories[Math.floor(at / perStory)]}/view`,
        )
        worstMs = Math.max(worstMs, answer.ms)
        if (answer.status === 200) acknowledged++
      }
    }),
  ).then(() => {
    done = true
  })
  let cuts = 0
  while (cuts < reconnects) {
    await Bun.sleep(Math.random() * (isQuick ? 60 : 120))
    stream.close()
    await stream.ended
    seen.push(...stream.received())
    stream = readEvents(urls[cuts % 2] ?? '', author, stream.lastId())
    cuts++
  }
  await viewing
  const recovery = await secondsUntil(async () => seen.length + stream.received().length >= acknowledged, 20)
  stream.close()
  await stream.ended
  seen.push(...stream.received())
  const ids = seen.map((event) => event.id)
  const pairs = new Set(seen.map((event) => event.data))
  const inOrder = ids.every((id, at) => at === 0 || id > (ids[at - 1] ?? ''))
  report.check(
    name,
    'each event exactly once',
    pairs.size === acknowledged && ids.length === acknowledged,
    `${ids.length} of ${acknowledged} with ${cuts} cuts, done ${done}`,
  )
  report.check(name, 'in order', inOrder)
  report.row({
    fault: name,
    load: `${views} views, ${reconnects} cuts, 2 instances`,
    attempted: views,
    acknowledged,
    lost: acknowledged - pairs.size,
    doubled: ids.length - pairs.size,
    worstMs,
    recoverySeconds: recovery,
  })
  await Promise.all(apis.map((api) => api.stop()))
}

const SILENT = 50
/** A batch of events costs the process tens of MiB for a moment, however many listen. */
const MEMORY_MIB_MAX = 256

/** Fifty connections that never read, while megabytes wait for each of them. */
async function silentReaders({ stores, report, isQuick }: Stage): Promise<void> {
  const name = '7b clients that read nothing'
  const api = await startApi({ ...stores.env, EVENTS_MAX_STREAMS_PER_USER: String(SILENT) })
  const [author] = await makePeople(stores.sql, 1)
  if (author === undefined) return
  const sockets = await Promise.all(
    Array.from({ length: SILENT }, async () => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(api.url).port) })
      socket.on('error', () => undefined)
      socket.write(`GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${author.token}\r\n\r\n`)
      await new Promise((resolve) => socket.once('data', resolve))
      return socket.pause()
    }),
  )
  const memory = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${api.pid}/status`, 'utf8'))?.[1]) / 1024
  const before = memory()
  const batches = isQuick ? 16 : 40
  let worst = before
  let waitedMiB = 0
  let open = SILENT
  for (let at = 0; at < batches; at++) {
    await stores.sql`
      insert into events (author_id, type, data, created_at)
      select ${author.id}::uuid, 'story.viewed', jsonb_build_object('story_id', gen_random_uuid(), 'viewer_id', gen_random_uuid(), 'viewed_at', repeat('x', 900)), now()
      from generate_series(1, 2000)`
    waitedMiB += (open * 2000 * 1100) / 1024 ** 2
    await Bun.sleep(200)
    worst = Math.max(worst, memory())
    open = await api.metric('sse_connections')
  }
  const seconds = await secondsUntil(async () => (await api.metric('sse_connections')) === 0, 20)
  const slow = await api.metric('sse_closed_total{reason="slow"}')
  const ended = await api.metric('sse_closed_total')
  report.check(
    name,
    'each is cut off, as slow',
    seconds < 20 && ended === SILENT && slow === SILENT,
    `${ended} of ${SILENT}, ${slow} of them as slow`,
  )
  const grown = `${Math.round(worst - before)} MiB at most while ${Math.round(waitedMiB)} MiB waited, ${Math.round(memory() - before)} MiB at the end`
  report.check(
    name,
    `with bounded memory: less than ${MEMORY_MIB_MAX} MiB more`,
    worst - before < MEMORY_MIB_MAX,
    grown,
  )
  const events = batches * 2000
  report.row({
    fault: name,
    load: `${events} events, ${SILENT} connections`,
    attempted: events,
    acknowledged: events,
    lost: 0,
    doubled: 0,
    worstMs: null,
    recoverySeconds: seconds,
  })
  for (const socket of sockets) socket.destroy()
  await api.stop()
}

async function tokenEnds({ stores, report }: Stage): Promise<void> {
  const name = '7c token expires in a stream'
  const api = await startApi(stores.env)
  const [brief] = await makePeople(stores.sql, 1, 3)
  if (brief === undefined) return
  const stream = readEvents(api.url, brief)
  await secondsUntil(async () => stream.isOpen())
  const seconds = await secondsUntil(async () => !stream.isOpen(), 10)
  const again = await call(api.url, brief, 'GET', '/events')
  report.check(
    name,
    'the stream ends with the token, and the token opens no other',
    seconds < 4 && again.status === 401,
    `${seconds.toFixed(1)} s, then ${again.status}`,
  )
  await api.stop()
}
