/** People who listen to `GET /events`, each on a bare socket of this process. */

export type Listeners = Readonly<{
  /** Sockets whose stream has begun. */
  count(): number
  /** Streams that ended, whoever ended them. */
  ended(): number
  /** Opens the streams of these people, `atOnce` at a time. */
  open(tokens: readonly string[], atOnce?: number): Promise<void>
  /** Hangs up on all of them. */
  close(): Promise<void>
}>

type Line = { index: number; begun: boolean; begin: () => void; fail: (error: Error) => void }

const OPEN_WITHIN_MS = 20_000
const RETRY_AFTER_MS = 1000
const TRIES = 20

/**
 * @param onBytes called with what arrives after a stream's head, and the listener's place in the order of opening
 */
export function createListeners(
  port: number,
  onBytes: (index: number, bytes: Buffer) => void = () => undefined,
): Listeners {
  const sockets = new Set<Bun.Socket<Line>>()
  let begun = 0
  let ended = 0
  let next = 0

  const openOne = (token: string) =>
    new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('a stream did not begin')), OPEN_WITHIN_MS)
      const line: Line = {
        index: next++,
        begun: false,
        begin: () => {
          clearTimeout(late)
          resolve()
        },
        fail: reject,
      }
      Bun.connect<Line>({
        hostname: '127.0.0.1',
        port,
        data: line,
        socket: {
          open(socket) {
            sockets.add(socket)
            socket.write(`GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`)
          },
          data(socket, bytes) {
            const { data } = socket
            if (data.begun) return onBytes(data.index, bytes)
            const head = bytes.toString('latin1')
            if (!head.startsWith('HTTP/1.1 200')) return data.fail(new Error(head.slice(0, 200)))
            data.begun = true
            begun++
            data.begin()
          },
          close(socket) {
            sockets.delete(socket)
            if (socket.data.begun) begun--
            ended++
            socket.data.fail(new Error('a stream was closed before it began'))
          },
          error: (socket, error) => socket.data.fail(error),
        },
      }).catch(reject)
    })

  /** A machine with more to do than it can answers 503 at times; a client comes back, and so does this one. */
  const openPatiently = async (token: string) => {
    for (let tries = 1; ; tries++) {
      try {
        return await openOne(token)
      } catch (error) {
        if (tries === TRIES) throw error
        await Bun.sleep(RETRY_AFTER_MS)
      }
    }
  }

  return {
    count: () => begun,
    ended: () => ended,
    async open(tokens, atOnce = 20) {
      const waiting = tokens.values()
      const worker = async () => {
        for (const token of waiting) await openPatiently(token)
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
    },
    async close() {
      for (const socket of sockets) socket.end()
      while (sockets.size > 0) await Bun.sleep(5)
    },
  }
}
