/**
 * A process of row 8 that is both sender and receiver of one arm, so that one clock says how long an event took. It takes
 * its orders from the bench: open the listeners, then send so many events a second for so long.
 */
import { RedisClient } from 'bun'
import postgres from 'postgres'
import { openHttpLines } from './http-lines'
import { createListeners } from './listeners'

export type Order =
  | Readonly<{ do: 'open'; arm: Arm; port: number; tokens: readonly string[] }>
  | Readonly<{ do: 'send'; events: readonly PlannedEvent[]; perSecond: number }>

export type Arm =
  | Readonly<{ kind: 'service'; connections: number }>
  | Readonly<{ kind: 'relay'; databaseUrl: string; redisUrl: string; channel: string; connections: number }>

/** The story says which listener hears of it. */
export type PlannedEvent = Readonly<{
  listener: number
  storyId: string
  userId: string
  token: string
  emoji: string | null
}>

export type Done = Readonly<{
  latenciesMs: readonly number[]
  lost: number
  lateShare: number
  failures: number
}>

type Sender = Readonly<{ send(event: PlannedEvent): void; forget(): void; failures(): number }>

const LAST_WITHIN_MS = 3000
/** A frame ends with an empty line, the chunk of HTTP that it travels in with one more. */
const END_OF_CHUNK = '\n\n\r\n'

const sentMs = new Map<string, number>()
let latenciesMs: number[] = []
let sender: Sender | null = null
const halves = new Map<number, string>()

const keyOf = (storyId: string, userId: string) => storyId + userId

function receive(index: number, bytes: Buffer): void {
  const nowMs = performance.now()
  const text = (halves.get(index) ?? '') + bytes.toString('utf8')
  halves.delete(index)
  if (!text.endsWith(END_OF_CHUNK)) return void halves.set(index, text)
  for (const line of text.split('\n')) {
    if (!line.startsWith('data: ')) continue
    const data = JSON.parse(line.slice('data: '.length)) as Record<string, string>
    const key = keyOf(data.story_id ?? '', data.viewer_id ?? data.user_id ?? '')
    const since = sentMs.get(key)
    if (since === undefined) continue
    sentMs.delete(key)
    latenciesMs.push(nowMs - since)
  }
}

async function serviceSender(port: number, connections: number): Promise<Sender> {
  const lines = await openHttpLines(port, connections)
  return {
    send({ storyId, token, emoji }) {
      const body = emoji === null ? '' : JSON.stringify({ emoji })
      const type = emoji === null ? '' : 'Content-Type: application/json\r\n'
      const path = emoji === null ? 'view' : 'reactions'
      lines.send(
        `POST /stories/${storyId}/${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
          `${type}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
    },
    forget: lines.forget,
    failures: lines.failures,
  }
}

async function relaySender(arm: Arm & { kind: 'relay' }): Promise<Sender> {
  const sql = postgres(arm.databaseUrl, { max: arm.connections, onnotice: () => undefined })
  const redis = new RedisClient(arm.redisUrl)
  await redis.connect()
  let failures = 0
  const send = async ({ listener, storyId, userId, emoji }: PlannedEvent) => {
    const data = JSON.stringify({ story_id: storyId, user_id: userId, emoji })
    await sql`insert into plain_events (story_id, user_id, data) values (${storyId}, ${userId}, ${data})`
    await redis.publish(arm.channel, `${listener} ${data}`)
  }
  return {
    send: (event) => void send(event).catch(() => void failures++),
    forget: () => undefined,
    failures: () => failures,
  }
}

async function sendAll(events: readonly PlannedEvent[], perSecond: number): Promise<Done> {
  if (sender === null) throw new Error('nothing is open')
  const failuresBefore = sender.failures()
  latenciesMs = []
  const startedMs = performance.now()
  for (let next = 0; next < events.length; ) {
    const due = Math.min(events.length, Math.ceil(((performance.now() - startedMs) / 1000) * perSecond))
    for (; next < due; next++) {
      const event = events[next]
      if (event === undefined) break
      sentMs.set(keyOf(event.storyId, event.userId), performance.now())
      sender.send(event)
    }
    await Bun.sleep(1)
  }
  const lateShare = sentMs.size / events.length
  const endedMs = performance.now()
  while (sentMs.size > 0 && performance.now() - endedMs < LAST_WITHIN_MS) await Bun.sleep(5)
  const lost = sentMs.size
  sentMs.clear()
  // What a rate that is too high leaves behind must not burden the next.
  sender.forget()
  return { latenciesMs, lost, lateShare, failures: sender.failures() - failuresBefore }
}

async function obey(order: Order): Promise<Done | 'open'> {
  if (order.do === 'send') return sendAll(order.events, order.perSecond)
  await createListeners(order.port, receive).open(order.tokens)
  sender =
    order.arm.kind === 'service'
      ? await serviceSender(order.port, order.arm.connections)
      : await relaySender(order.arm)
  return 'open'
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
