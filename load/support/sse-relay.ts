/** The yardstick of row 8: what comes over one Redis channel goes out to the listener it names; Bun and nothing else. */
import { RedisClient } from 'bun'

const encoder = new TextEncoder()
const listeners = new Map<string, ReadableStreamDefaultController<Uint8Array>>()

const subscriber = new RedisClient(process.env.REDIS_URL ?? '')
await subscriber.connect()
await subscriber.subscribe(process.env.RELAY_CHANNEL ?? 'relay', (message) => {
  const cut = message.indexOf(' ')
  listeners.get(message.slice(0, cut))?.enqueue(encoder.encode(`data: ${message.slice(cut + 1)}\n\n`))
})

Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  idleTimeout: 30,
  fetch(request, server) {
    const name = request.headers.get('authorization')?.slice('Bearer '.length)
    if (name === undefined) return new Response('ready')
    server.timeout(request, 0)
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        listeners.set(name, controller)
        controller.enqueue(encoder.encode(': connected\n\n'))
      },
      cancel: () => void listeners.delete(name),
    })
    return new Response(stream, { headers: { 'Content-Type': 'text/event-stream' } })
  },
})
