import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anyFreePort } from '../../dev/ports.ts'
import type { Story } from '../../src/features/stories/schema'
import { createRemoteApi } from '../support/api'
import { STACK_START_MS_MAX, TEST_MS_MAX } from '../support/context'
import { createDatabase, type TestDatabase } from '../support/database'
import { type Person, signUp } from '../support/people'
import { type LogLine, runToEnd, type ServiceProcess, startApi } from '../support/processes'
import { sendRaw } from '../support/raw-request'
import { type EventReader, readEvents } from '../support/read-stream'
import { serviceEnv, testStack } from '../support/services'
import { until } from '../support/until'

/** WEB_CONCURRENCY=2 on real sockets: both processes serve, count as one, and end as one. */

const TOKEN = 'scrape-me'
let database: TestDatabase
let env: Readonly<Record<string, string>>
let metricsPort: number
let server: ServiceProcess
let ava: Person
const readers: EventReader[] = []

setDefaultTimeout(TEST_MS_MAX)

beforeAll(async () => {
  database = await createDatabase()
  metricsPort = await anyFreePort()
  env = {
    ...serviceEnv(await testStack(), database.url),
    WEB_CONCURRENCY: '2',
    METRICS_TOKEN: TOKEN,
    METRICS_PORT: String(metricsPort),
  }
  server = await startApi(env)
  await bothListen()
  ava = await signUp(createRemoteApi(server.url), 'ava')
}, STACK_START_MS_MAX)

afterAll(async () => {
  for (const reader of readers) await reader.close()
  await server?.kill('SIGTERM')
  await database?.drop()
}, TEST_MS_MAX)

const pidsOf = (event: string, of = server): number[] =>
  of
    .lines()
    .filter((line) => line.event === event)
    .map((line) => Number(line.pid))
const bothListen = (of = server) =>
  until('both processes to listen', () => pidsOf('server_started', of).length === 2)

/** Over a connection of its own, so that the kernel chooses a process anew. */
const ask = (path: string, token = ava.token, of = server) =>
  fetch(of.url + path, { headers: { Authorization: `Bearer ${token}` }, keepalive: false })
const askMany = async (count: number, path: string) => {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(path)))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: count }, () => 200))
}
const metric = async (text: Promise<string>, series: string): Promise<number> => {
  const line = (await text).split('\n').find((item) => item.startsWith(`${series} `))
  return Number(line?.split(' ')[1] ?? 0)
}
const scrape = () => ask('/metrics', TOKEN).then((answer) => answer.text())
const scrapeAside = () => fetch(`http://127.0.0.1:${metricsPort}/metrics`).then((answer) => answer.text())
/** A process that says nothing for so long is in the sum with what it said last; who waited so long asks again. */
const REPORT_MS_MAX = 500
const count = async (ask: () => Promise<string>, series: string): Promise<number> => {
  for (;;) {
    const startedMs = performance.now()
    const value = await metric(ask(), series)
    if (performance.now() - startedMs < REPORT_MS_MAX) return value
  }
}
const ME = 'http_requests_total{method="GET",route="/me",code="200"}'

test('both processes serve, and whichever is asked says how many requests there were in all', async () => {
  for (let sent = 20; sent <= 60; sent += 20) {
    await askMany(20, '/me')
    for (let i = 0; i < 6; i++) {
      expect(await count(scrape, ME)).toBe(sent)
      expect(await count(scrapeAside, ME)).toBe(sent)
    }
  }
  // Lines are written together some time after what they tell of.
  await until('lines of both', () => new Set(pidsOf('http_request')).size === 2)
  const serving = new Set(pidsOf('http_request'))
  expect([...serving].sort()).toEqual(pidsOf('server_started').sort())
  expect(await metric(scrape(), 'dependency_up{dependency="database"}')).toBe(1)
  expect(Math.abs((await metric(scrape(), 'process_start_time_seconds')) * 1000 - Date.now())).toBeLessThan(
    TEST_MS_MAX * 5,
  )
})

test('a scraper may be old, or call the server what it likes', async () => {
  for (const lines of [
    ['GET /metrics HTTP/1.0'],
    ['GET /metrics HTTP/1.1', 'Host: x:abc', 'Connection: close'],
  ]) {
    const answer = await sendRaw(metricsPort, ...lines)
    expect(answer).toMatch(/^HTTP\/1.. 200 /)
    expect(answer).toContain(ME)
  }
})

test('an event reaches streams of both processes, wherever it was caused, and streams are counted together', async () => {
  const ben = await signUp(createRemoteApi(server.url), 'ben')
  const story = await ava.tell({})
  const processOf = async ({ requestId }: EventReader) => {
    let line: LogLine | undefined
    await until('the line of a stream', () => {
      line = server.lines().find((item) => item.request_id === requestId)
      return line !== undefined
    })
    return line?.pid
  }
  const holders: unknown[] = []
  while (new Set(holders).size < 2) {
    // The kernel chooses, and may well choose the same one eight times: then the last makes way for another.
    if (readers.length === 8) await readers.pop()?.close()
    const reader = await readEvents(server.url, { token: ava.token })
    readers.push(reader)
    holders.push(await processOf(reader))
  }
  for (const emoji of ['👍', '🔥', '😂']) await ben.post(`/stories/${story.id}/reactions`, { emoji })
  for (const reader of readers) await reader.until('three events', () => reader.events().length === 3)
  await until(
    'all streams to be counted',
    async () => (await count(scrape, 'sse_connections')) === readers.length,
  )
})

test('a process that is killed is replaced, the other one serves on, and no counter falls', async () => {
  const started = pidsOf('server_started')
  const before = await count(scrape, ME)
  process.kill(started[0] ?? 0, 'SIGKILL')
  await until('the end to be seen', () => pidsOf('server_process_ended').includes(started[0] ?? 0))
  await askMany(10, '/me')
  expect(await count(scrape, ME)).toBe(before + 10)
  await until('a new process', () => pidsOf('server_started').length === 3)
  await askMany(10, '/me')
  expect(await count(scrapeAside, ME)).toBe(before + 20)
  const [fresh] = pidsOf('server_started').filter((pid) => !started.includes(pid))
  await until('the new process to serve', async () => {
    await ask('/me')
    return pidsOf('http_request').includes(fresh ?? 0)
  })
})

test('a dependency that is back is back in the metrics, whichever process is scraped', async () => {
  let isAway = false
  // Only the check of the bucket comes here: its host cannot be reached otherwise.
  using bucket = Bun.serve({ port: 0, fetch: () => new Response(null, { status: isAway ? 500 : 200 }) })
  const port = await anyFreePort()
  const store = { S3_ENDPOINT: bucket.url.origin, S3_PUBLIC_ENDPOINT: bucket.url.origin }
  const watched = await startApi({ ...env, ...store, METRICS_PORT: String(port) })
  try {
    await bothListen(watched)
    isAway = true
    await until('both to see it', async () => {
      await ask('/healthz', '', watched)
      return new Set(pidsOf('dependency_down', watched)).size === 2
    })
    isAway = false
    // Over one connection, and so from one process.
    await until('it to be back', async () => {
      const answer = fetch(`http://127.0.0.1:${port}/metrics`).then((scraped) => scraped.text())
      return (await metric(answer, 'dependency_up{dependency="storage"}')) === 1
    })
  } finally {
    expect(await watched.kill('SIGTERM')).toBe(0)
  }
})

test('a process that cannot be replaced for a while is replaced later, and the other one serves on', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stories-bun-'))
  const [bun, away] = [join(dir, 'bun'), join(dir, 'away')]
  copyFileSync(process.execPath, bun)
  const robbed = await startApi({ ...env, METRICS_PORT: '0' }, bun)
  try {
    await bothListen(robbed)
    // As if the system had no process to give.
    renameSync(bun, away)
    process.kill(pidsOf('server_started', robbed)[0] ?? 0, 'SIGKILL')
    const failures = () => robbed.lines().filter(({ event, err }) => event === 'server_process_ended' && err)
    await until('two attempts', () => failures().length > 1)
    expect((await ask('/me', ava.token, robbed)).status).toBe(200)
    renameSync(away, bun)
    await until('a new process', () => pidsOf('server_started', robbed).length === 3)
  } finally {
    expect(await robbed.kill('SIGTERM')).toBe(0)
    rmSync(dir, { recursive: true })
  }
})

test('SIGTERM under load loses nothing: every request is answered, and every story is there', async () => {
  const loaded = await startApi({ ...env, METRICS_PORT: '0', RATE_LIMIT_STORIES_PER_MIN: '100000' })
  await bothListen(loaded)
  const answered: number[] = []
  const texts: string[] = []
  /** Sends until it is asked to go elsewhere. */
  const client = async (at: number) => {
    for (let turn = 0; ; turn++) {
      const text = `under load ${at} ${turn}`
      const answer = await fetch(`${loaded.url}/stories`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${ava.token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ text, visibility: 'public' }),
      })
      answered.push(answer.status)
      texts.push((await answer.json()).text)
      if (answer.headers.get('connection') === 'close') return
    }
  }
  const clients = Promise.all(Array.from({ length: 16 }, (_, at) => client(at)))
  await until('load', () => answered.length > 200)
  const code = loaded.kill('SIGTERM')
  await clients
  expect(await code).toBe(0)
  expect(new Set(answered)).toEqual(new Set([201]))
  // What it wrote last may still be on its way to here.
  await until('both ends', () => pidsOf('server_stopped', loaded).length === 2)
  const stored = await ava.all<Story>('/me/stories')
  const storedTexts = stored.map(({ text }) => text).filter((text) => text?.startsWith('under load'))
  expect(storedTexts.sort()).toEqual(texts.sort())
})

test('processes whose supervisor is killed end as well', async () => {
  const orphaned = await startApi({ ...env, METRICS_PORT: '0' })
  await bothListen(orphaned)
  await orphaned.kill('SIGKILL')
  await until('the port to be closed', () =>
    ask('/livez', '', orphaned).then(
      () => false,
      () => true,
    ),
  )
})

test('a bad configuration is said once, and what cannot start ends at once', async () => {
  const port = await anyFreePort()
  const bad = await runToEnd(['src/server.ts'], { ...env, PORT: String(port), FRIENDS_RULE: 'no' })
  expect(bad.code).toBe(1)
  expect(bad.output.filter((line) => line.includes('not usable'))).toHaveLength(1)
  using taken = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const portTaken = { ...env, METRICS_PORT: '0', HOST: '127.0.0.1', PORT: String(taken.port) }
  expect((await runToEnd(['src/server.ts'], portTaken)).code).toBe(1)
})
