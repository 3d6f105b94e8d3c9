/** HTTP over kept connections, as cheap for the sender as can be, since it shares the machine with what it measures. */

export type HttpLines = Readonly<{
  /** Sends as soon as a connection is free. */
  send(request: string): void
  /** Drops what waits for a free connection. */
  forget(): void
  /** Answers other than 2xx so far. */
  failures(): number
  close(): void
}>

type Line = { answer: string }

const END_OF_HEAD = '\r\n\r\n'

/**
 * @param onAnswer called with the status of each answer, when its connection is free again
 * @throws when a connection cannot be opened
 */
export async function openHttpLines(
  port: number,
  count: number,
  onAnswer: (status: number) => void = () => undefined,
): Promise<HttpLines> {
  const free: Bun.Socket<Line>[] = []
  const waiting: string[] = []
  let failures = 0
  const take = (socket: Bun.Socket<Line>) => {
    const next = waiting.shift()
    if (next === undefined) free.push(socket)
    else socket.write(next)
  }
  const sockets = await Promise.all(
    Array.from({ length: count }, () =>
      Bun.connect<Line>({
        hostname: '127.0.0.1',
        port,
        data: { answer: '' },
        socket: {
          data(socket, bytes) {
            socket.data.answer += bytes.toString('latin1')
            if (!isWhole(socket.data.answer)) return
            const status = Number(socket.data.answer.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length))
            if (status < 200 || status > 299) failures++
            socket.data.answer = ''
            take(socket)
            onAnswer(status)
          },
          close(socket) {
            failures++
            const at = free.indexOf(socket)
            if (at >= 0) free.splice(at, 1)
          },
        },
      }),
    ),
  )
  for (const socket of sockets) take(socket)
  return {
    send(request) {
      // In turn: one that rested for as long as the server's idle time-out would be closed by it.
      const socket = free.shift()
      if (socket === undefined) waiting.push(request)
      else socket.write(request)
    },
    forget: () => void waiting.splice(0),
    failures: () => failures,
    close() {
      for (const socket of sockets) socket.terminate()
    },
  }
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf(END_OF_HEAD)
  if (end < 0) return false
  const length = /content-length: (\d+)/i.exec(answer.slice(0, end))?.[1] ?? '0'
  return answer.length >= end + END_OF_HEAD.length + Number(length)
}
