import { expect, test } from 'bun:test'
import { connect } from 'node:net'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { until } from '../support/until'

/** Clients that send as slowly as they can, on bare sockets: cut off in bounded time, and nobody else waits for them. */

const stage = useStage()
/** Headers have the server's own 12 s, a body 3.5 s; a busy machine gets as much again. */
const BOUND_MS = 30_000
const EACH = 70

type Sender = Readonly<{ text(): string; hasEnded(): boolean; end(): void }>

/** Sends the head, then the rest one byte at a time for as long as it is let. */
function sendSlowly(url: string, head: string, rest: string): Sender {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) })
  let text = ''
  let ended = false
  let at = 0
  const drip = setInterval(() => {
    if (at < rest.length && !socket.destroyed) socket.write(rest[at++] ?? '')
  }, 500)
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    ended = true
    clearInterval(drip)
  })
  socket.write(head)
  return {
    text: () => text,
    hasEnded: () => ended,
    end() {
      clearInterval(drip)
      socket.destroy()
    },
  }
}

test('headers that drip, a body that stops and one that drips are cut off; 210 of them keep nobody waiting', async () => {
  const instance = stage.instance()
  const url = instance.listen()
  const [ava] = await cast(instance, 'ava')
  const auth = `Host: localhost\r\nAuthorization: Bearer ${ava.token}\r\n`
  const post = `POST /stories HTTP/1.1\r\n${auth}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n`
  const kinds = [
    { head: `GET /feed HTTP/1.1\r\n${auth}X-Slow: `, rest: 'a'.repeat(1000), answer: null },
    { head: `${post}{"text":"half`, rest: '', answer: '408' },
    { head: post, rest: `{"text":"${'a'.repeat(900)}`, answer: '408' },
  ]
  const senders = Array.from({ length: EACH }).flatMap(() =>
    kinds.map((kind) => ({ ...kind, sender: sendSlowly(url, kind.head, kind.rest) })),
  )
  const bodies = senders.filter(({ answer }) => answer !== null)
  // While all of them are open, others are served.
  for (let at = 0; at < 20; at++) {
    const feed = await fetch(`${url}/feed`, {
      headers: { Authorization: `Bearer ${ava.token}` },
      keepalive: false,
    })
    expect(feed.status).toBe(200)
  }
  expect(senders.some(({ sender }) => !sender.hasEnded())).toBe(true)
  await until('all to be cut off', () => senders.every(({ sender }) => sender.hasEnded()), BOUND_MS)
  for (const { sender } of bodies) expect(sender.text()).toStartWith('HTTP/1.1 408 ')
  expect((await ava.get('/me/stories')).as<{ items: unknown[] }>().items).toEqual([])
  const story = await fetch(`${url}/stories`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${ava.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ text: 'after them', visibility: 'public' }),
  })
  expect(story.status).toBe(201)
  for (const { sender } of senders) sender.end()
}, 60_000)
