import { connect } from 'node:net'

/** Sends the lines of a request as they are. @returns the whole answer, once the server has ended it */
export const sendRaw = (port: number, ...lines: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`))
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
