import pino from 'pino'
import { systemClock } from '../kernel/clock'
import type { LineBuffer } from './line-buffer'
import type { Logger } from './logger'

/** One line a request, under the same heads as every other line of the logger. */
export type AccessLine = Readonly<{
  request_id: string
  user_id: string | undefined
  method: string
  route: string
  path: string
  status: number
  duration_ms: number
}>

export type AccessLog = (level: 'info' | 'debug', line: AccessLine) => void

const { chindingsSym, streamSym } = pino.symbols

/** Nothing in it that JSON would escape. */
const PLAIN = /^[\w/.-]*$/

/**
 * Writes the lines of requests to a logger's stream. They are the only ones that every request pays for, and always
 * hold the same few fields, none of them secret: put together here they cost half of what they do when pino looks
 * through them.
 */
export function createAccessLog(logger: Logger): AccessLog {
  // How pino keeps them is public for such uses (API, `pino.symbols`), but not typed by name.
  const inside = logger as unknown as Record<symbol, unknown>
  const bindings = String(inside[chindingsSym])
  const stream = inside[streamSym] as Pick<LineBuffer, 'write'> & Partial<LineBuffer>
  let headMs = 0
  let head = ''
  const lineOf = (
    level: string,
    atMs: number,
    { request_id, user_id, method, route, path, status, duration_ms }: AccessLine,
  ): string => {
    // A busy process writes a dozen lines a millisecond, and the text of a time costs more than comparing it.
    if (headMs !== atMs) {
      headMs = atMs
      head = `,"time":"${new Date(atMs).toISOString()}"${bindings},"event":"http_request","request_id":"`
    }
    const user = user_id === undefined ? '' : `,"user_id":"${user_id}"`
    return (
      `{"level":"${level}"${head}${request_id}"${user}` +
      `,"method":"${method}","route":"${route}","path":${PLAIN.test(path) ? `"${path}"` : JSON.stringify(path)}` +
      `,"status":${status},"duration_ms":${duration_ms}}\n`
    )
  }
  return (level, line) => {
    if (!logger.isLevelEnabled(level)) return
    const atMs = systemClock.nowMs()
    if (stream.writeLater === undefined) stream.write(lineOf(level, atMs, line))
    else stream.writeLater(() => lineOf(level, atMs, line))
  }
}
