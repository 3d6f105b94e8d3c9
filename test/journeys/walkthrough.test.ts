import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from 'node:net'
import type { Session } from '../../src/features/accounts/schema'
import type { Story } from '../../src/features/stories/schema'
import type { Page } from '../../src/kernel/cursor'
import { apiOf, type Composed, startComposed } from '../support/composed'
import { STACK_START_MS_MAX, TEST_MS_MAX } from '../support/context'
import { PNG, uploadMedia } from '../support/media'
import { PASSWORD, type Person, personOf, signUp } from '../support/people'
import { startApi } from '../support/processes'
import { type EventReader, readEvents } from '../support/read-stream'
import { until } from '../support/until'

/** The walk-through of the README over real sockets: two API processes, a worker, one set of stores. */

const METRICS_TOKEN = 'metrics-token-of-the-journey'
let composed: Composed
let ava: Person
let ben: Person
let events: EventReader
let picture: Story
let close: Story

setDefaultTimeout(TEST_MS_MAX)

beforeAll(async () => {
  composed = await startComposed({
    METRICS_TOKEN,
    WORKER_INTERVAL_SECONDS: '1',
  })
}, STACK_START_MS_MAX)

afterAll(async () => {
  await events?.close()
  await composed?.stop()
}, TEST_MS_MAX)

const metric = async (url: string, name: string): Promise<number> => {
  const answer = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${METRICS_TOKEN}` } })
  const lines = (await answer.text())
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

describe('the walk-through', () => {
  test('1. people sign up and log in', async () => {
    const [first, second] = composed.apis.map(apiOf)
    if (first === undefined || second === undefined) throw new Error('no API')
    ava = await signUp(first, 'ava')
    const signedUp = await signUp(second, 'ben')
    const login = { email: signedUp.email, password: PASSWORD }
    ben = personOf(second, (await second.call('POST', '/auth/login', { body: login })).as<Session>())
    expect((await ben.get('/me')).as<object>()).toMatchObject({ id: signedUp.id, email: signedUp.email })
  })

  test('2. a picture goes straight to the store', async () => {
    const media_key = await uploadMedia(ava)
    picture = await ava.tell({ text: 'look', media_key, visibility: 'public' })
    const seen = (await ben.get(`/stories/${picture.id}`)).as<Story>()
    const bytes = await fetch(seen.media_url ?? '').then((answer) => answer.arrayBuffer())
    expect(new Uint8Array(bytes)).toEqual(PNG)
  })

  test('3. a story for friends reaches those who follow, in their feed on the other process', async () => {
    close = await ava.tell({ text: 'for friends', visibility: 'friends' })
    const feed = async () => (await ben.get('/feed')).as<Page<Story>>().items.map((story) => story.id)
    expect(await feed()).toEqual([picture.id])
    await ben.follow(ava)
    expect(await feed()).toEqual([close.id, picture.id])
  })

  test('4. views and reactions reach the author at once, from the other process', async () => {
    events = await readEvents(composed.apis[0].url, { token: ava.token, tokenInQuery: true })
    ;(await ben.post(`/stories/${close.id}/view`)).as(200)
    ;(await ben.post(`/stories/${close.id}/reactions`, { emoji: '🔥' })).as(201)
    await events.until('both events', () => events.events().length === 2)
    expect(events.events().map(({ event }) => event)).toEqual(['story.viewed', 'story.reacted'])
    expect(JSON.parse(events.events()[1]?.data ?? '')).toMatchObject({ user_id: ben.id, emoji: '🔥' })
    expect((await ava.get('/me/stats')).as<object>()).toMatchObject({
      posted: 2,
      views: 1,
      unique_viewers: 1,
    })
  })

  test('5. the client and the docs are served beside the API', async () => {
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/docs', 'text/html'],
      ['/docs/json', 'application/json'],
    ]) {
      const answer = await fetch(`${composed.apis[1].url}${path}`)
      expect([path, answer.status]).toEqual([path, 200])
      expect(answer.headers.get('content-type')).toContain(type ?? '')
    }
    const health = await fetch(`${composed.apis[0].url}/healthz`).then((answer) => answer.json())
    expect(health).toMatchObject({
      status: 'ok',
      checks: { database: { status: 'ok' }, storage: { status: 'ok' } },
    })
  })

  test('6. the worker ends a story when its time has come, and takes its picture away', async () => {
    const shortLived = await startApi({ ...composed.env, STORY_TTL_SECONDS: '1' })
    const story = await ava
      .at(apiOf(shortLived))
      .tell({ media_key: await uploadMedia(ava), visibility: 'public' })
    expect(await shortLived.kill('SIGTERM')).toBe(0)
    await until(
      'the sweep',
      async () => (await metric(composed.worker.url, 'stories_expired_total')) === 1,
      15_000,
    )
    expect((await ben.get(`/stories/${story.id}`)).status).toBe(404)
    const feed = (await ben.get('/feed')).as<Page<Story>>().items.map(({ id }) => id)
    expect(feed).toEqual([close.id, picture.id])
    await until('the picture to go', async () => (await fetch(story.media_url ?? '')).status === 404, 15_000)
    const swept = () => composed.worker.lines().filter(({ event }) => event === 'story_expired')
    expect(swept().map(({ count }) => count)).toContain(1)
    expect(swept().every(({ duration_ms }) => typeof duration_ms === 'number')).toBe(true)
  })

  test('7. the metrics have counted it all, for those with the token', async () => {
    expect((await fetch(`${composed.apis[0].url}/metrics`)).status).toBe(401)
    const sum = async (name: string) => {
      const counts = await Promise.all(composed.apis.map(({ url }) => metric(url, name)))
      return counts.reduce((total, count) => total + count, 0)
    }
    expect(await sum('stories_created_total')).toBe(2)
    expect(await sum('story_views_total')).toBe(1)
    expect(await sum('reactions_total')).toBe(1)
    expect(await sum('sse_connections')).toBe(1)
    expect(await sum('http_requests_total')).toBeGreaterThan(10)
    expect(await metric(composed.worker.url, 'worker_latency_seconds_count')).toBeGreaterThan(0)
    const text = await fetch(`${composed.apis[0].url}/metrics`, {
      headers: { Authorization: `Bearer ${METRICS_TOKEN}` },
    })
    const body = await text.text()
    expect(body).toContain('http_requests_total{method="POST",route="/stories",code="201"}')
    // Routes are patterns; a raw id would make a series of its own.
    expect(body).not.toContain(picture.id)
  })

  test('8. SIGTERM ends all three with 0, after a request that was under way is answered', async () => {
    const [first, second] = composed.apis
    const underWay = await sendHalf(second.url, ben)
    const codes = Promise.all([first, second, composed.worker].map((process) => process.kill('SIGTERM')))
    await events.ended()
    expect(await underWay.finish()).toContain('HTTP/1.1 201')
    expect(await codes).toEqual([0, 0, 0])
  })

  test('9. every log line is JSON and none has a secret', async () => {
    for (const process of [...composed.apis, composed.worker]) {
      const text = process.output.join('\n')
      for (const secret of [
        ava.token,
        ben.token,
        ava.refreshToken,
        PASSWORD,
        'X-Amz-Signature',
        ava.email,
        METRICS_TOKEN,
      ]) {
        expect(text).not.toContain(secret)
      }
      for (const line of process.lines())
        expect(line).toMatchObject({ level: expect.any(String), time: expect.any(String) })
    }
    const seen = new Set(composed.apis.flatMap((process) => process.lines().map(({ event }) => event)))
    for (const event of [
      'auth',
      'story_created',
      'story_viewed',
      'reaction_added',
      'http_request',
      'server_stopped',
    ]) {
      expect([event, seen.has(event)]).toEqual([event, true])
    }
  })
})

/** A post whose body is half sent: the process has accepted it and cannot answer yet. */
async function sendHalf(url: string, person: Person) {
  const { hostname, port } = new URL(url)
  const body = JSON.stringify({ text: 'at the last moment', visibility: 'public' })
  const socket = connect({ host: hostname, port: Number(port) })
  let received = ''
  let closed = false
  socket.on('data', (chunk) => {
    received += chunk.toString()
  })
  socket.on('close', () => {
    closed = true
  })
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  const head = [
    'POST /stories HTTP/1.1',
    `Host: ${hostname}`,
    `Authorization: Bearer ${person.token}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'X-Request-Id: under-way',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 10)}`)
  // Whoever answers another request after these bytes has read them.
  await person.get('/me')
  return {
    async finish() {
      socket.write(body.slice(10))
      await until('the answer', () => received.includes('\r\n\r\n') || closed, 10_000)
      socket.destroy()
      return received
    },
  }
}
