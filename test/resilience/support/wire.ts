/**
 * A client on plain sockets that keeps its connections: what fetch would quietly send again is counted here. A request
 * counts as accepted from the moment its bytes were handed to an open connection.
 */

import { connect, type Socket } from 'node:net'

export type WireAnswer = Readonly<{
  /** `refused`: no connection could be had, so nothing was accepted. `cut`: the connection ended without an answer. */
  outcome: 'answered' | 'refused' | 'cut'
  status: number
}>

export type WireClient = Readonly<{
  send(method: string, path: string, token: string, body?: string): Promise<WireAnswer>
  close(): void
}>

const ANSWER_MS_MAX = 15_000

/** One connection at a time to that port; a new one after the server has asked to close it. */
export function openWire(port: number): WireClient {
  let socket: Socket | null = null

  const ready = (): Promise<Socket | null> => {
    if (socket !== null && !socket.destroyed && !socket.readableEnded) return Promise.resolve(socket)
    return new Promise((resolve) => {
      const fresh = connect({ host: '127.0.0.1', port })
      fresh.once('connect', () => {
        socket = fresh
        resolve(fresh)
      })
      fresh.once('error', () => resolve(null))
      fresh.on('end', () => fresh.destroy())
    })
  }
  const readAnswer = (open: Socket): Promise<WireAnswer> =>
    new Promise((resolve) => {
      let text = ''
      const finish = (answer: WireAnswer) => {
        clearTimeout(timer)
        open.off('data', onData).off('close', onClose)
        resolve(answer)
      }
      const onClose = () => finish({ outcome: 'cut', status: 0 })
      const timer = setTimeout(onClose, ANSWER_MS_MAX)
      const onData = (bytes: Buffer) => {
        text += bytes.toString('latin1')
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return
        const head = text.slice(0, end).toLowerCase()
        const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0)
        if (text.length < end + 4 + length) return
        if (head.includes('connection: close')) {
          socket = null
          open.end()
        }
        finish({ outcome: 'answered', status: Number(text.slice(9, 12)) })
      }
      open.on('data', onData).on('close', onClose)
    })

  return {
    async send(method, path, token, body = '') {
      const open = await ready()
      if (open === null) return { outcome: 'refused', status: 0 }
      const answer = readAnswer(open)
      const head = [`${method} ${path} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${token}`]
      if (body !== '')
        head.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`)
      open.write(`${head.join('\r\n')}\r\n\r\n${body}`)
      return answer
    },
    close: () => void socket?.destroy(),
  }
}
