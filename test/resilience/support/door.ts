/** A TCP door before a server: passes bytes on, at once or late. */

import { connect, createServer, type Socket } from 'node:net'

export type Door = Readonly<{
  port: number
  /** Every piece of data waits this long on its way to the server. */
  slowDown(delayMs: number): void
  /** Sees what the server sends before it is passed on; false keeps the piece back for good. Null passes everything. */
  watch(see: ((bytes: Buffer) => boolean) | null): void
  close(): void
}>

/** Opens a door on a free port of the loopback to a server on another. */
export async function openDoor(targetPort: number): Promise<Door> {
  let delayMs = 0
  let see: ((bytes: Buffer) => boolean) | null = null
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const inner = connect({ host: '127.0.0.1', port: targetPort })
    for (const [from, to] of [
      [client, inner],
      [inner, client],
    ] as const) {
      sockets.add(from)
      const late = from === client
      from.on('data', (bytes) => {
        if (!late && see !== null && !see(Buffer.from(bytes))) return
        if (late && delayMs > 0) setTimeout(() => to.destroyed || to.write(bytes), delayMs)
        else if (!to.destroyed) to.write(bytes)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    slowDown: (ms) => {
      delayMs = ms
    },
    watch: (next) => {
      see = next
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
