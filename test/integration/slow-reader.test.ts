import { expect, test } from 'bun:test'
import { connect } from 'node:net'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { readEvents } from '../support/read-stream'
import { until } from '../support/until'

/** A client that does not read is cut off; what waits for it is bounded, and nobody else notices. */

const stage = useStage()
const FRAME_BYTES = 4000
const BURST = 12
const BYTES_MAX = 60 * 1024 * 1024

/** Opens the stream on a bare socket and never reads from it. */
async function openWithoutReading(url: string, token: string) {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  let ended = false
  socket.on('close', () => {
    ended = true
  })
  socket.on('error', () => undefined)
  socket.pause()
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  socket.write(`GET /events HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  return { socket, hasEnded: () => ended }
}

test('a client that reads too slowly is cut off, and the others get everything', async () => {
  const instance = stage.instance()
  const { ctx } = instance
  const url = instance.listen()
  const [ava] = await cast(instance, 'ava')
  const reader = await readEvents(url, { token: ava.token })
  const slow = await openWithoutReading(url, ava.token)
  await until('both streams', () => ctx.hub.streamsOf(ava.id).length === 2)
  const text = 'x'.repeat(FRAME_BYTES)
  const memoryBefore = process.memoryUsage().rss
  let sent = 0
  while (ctx.hub.streamsOf(ava.id).length === 2 && sent * FRAME_BYTES < BYTES_MAX) {
    await stage.database().sql`
      insert into events (author_id, type, data)
      select ${ava.id}, 'story.viewed', jsonb_build_object('story_id', ${text}::text, 'viewer_id', 'v', 'viewed_at', 't')
      from generate_series(1, ${BURST})`
    sent += BURST
    ctx.announce()
    await reader.until(`${sent} events`, () => reader.events().length === sent)
  }
  // Some seconds of grace are a fast machine's 60 MiB; what waits is in the database meanwhile.
  await until('the slow one to be cut off', () => ctx.hub.streamsOf(ava.id).length === 1, 15_000)
  const closed = (await ctx.metrics.sseClosed.get()).values.map(({ labels, value }) => [labels.reason, value])
  expect(closed).toEqual([['slow', 1]])
  expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(400 * 1024 * 1024)
  expect(reader.hasEnded()).toBe(false)
  slow.socket.resume()
  await until('the slow connection to be cut', slow.hasEnded)
  await reader.close()
})
