import { fstatSync } from 'node:fs'
import pino from 'pino'
import type { LogLevel } from '../config'
import { causesOf } from '../kernel/errors'
import { createLineBuffer } from './line-buffer'
import { provideHasSubscribers } from './tracing-channels'

/** One JSON object a line on stdout; `event` names what happened. Never a password, token, signed query or email. */
export type Logger = pino.Logger

const REDACTED = [
  'password',
  'email',
  'access_token',
  'refresh_token',
  'authorization',
  'token',
  'url',
  '*.password',
  '*.email',
  '*.access_token',
  '*.refresh_token',
  '*.authorization',
]

/** As much as a pipe takes in one piece (POSIX, PIPE_BUF on Linux); what goes to a file is never mixed. */
const PIPE_WRITE_BYTES = 4096
const STDOUT = 1

/**
 * @param buffered lines are written together every 100 ms instead of one by one, which a busy API process needs
 * @param shared other processes write to the same output: lines name their process, and are never torn by another's
 */
export function createLogger(level: LogLevel, service: string, buffered: boolean, shared = false): Logger {
  provideHasSubscribers()
  const writeBytesMax = shared && !fstatSync(STDOUT).isFile() ? PIPE_WRITE_BYTES : undefined
  const stdout = pino.destination({
    fd: STDOUT,
    sync: !buffered,
    // With 0, its default, a flush does not wait for what is being written.
    minLength: buffered ? 1 : 0,
    ...(writeBytesMax === undefined ? {} : { maxWrite: writeBytesMax }),
  })
  const stream = buffered ? createLineBuffer(stdout, writeBytesMax) : stdout
  return pino(
    {
      level,
      base: shared ? { service, pid: process.pid } : { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
      serializers: { err: describeError },
      // Pino would copy the message of what is under its error key, with all that a driver has put into it.
      errorKey: 'uncaught_by_name',
    },
    stream,
  )
}

/** What an error says, without the values that a driver or library may have put beside it. */
function describeError(error: unknown): object {
  const causes: object[] = []
  for (const current of causesOf(error)) {
    const code = 'code' in current ? current.code : undefined
    // Drizzle repeats the statement's parameters in its message; they may be anything a user typed.
    const message = withoutParameters(current.message)
    causes.push({
      name: current.name,
      message,
      ...(code === undefined ? {} : { code }),
      stack: stackOf(current),
    })
  }
  return { causes: causes.length > 0 ? causes : [{ message: String(error) }] }
}

const withoutParameters = (text: string): string => text.split('\nparams:')[0] ?? ''

/** The frames come after the message, and so after its parameters, which may look like frames themselves. */
function stackOf({ message, stack = '' }: Error): string {
  const at = stack.indexOf(message)
  if (at < 0) return withoutParameters(stack)
  return stack.slice(0, at) + withoutParameters(message) + stack.slice(at + message.length)
}

/**
 * Writes out what is still buffered; for the end of a process.
 *
 * @param msMax the end waits no longer for an output that nobody reads
 */
export const flushLogger = (logger: Logger, msMax = 500): Promise<void> =>
  new Promise((resolve) => {
    logger.flush(() => resolve())
    setTimeout(resolve, msMax).unref()
  })
