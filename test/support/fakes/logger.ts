import pino from 'pino'
import type { Logger } from '../../../src/platform/logger'

export type LogLine = Readonly<Record<string, unknown>> & Readonly<{ event?: string; level?: number }>

/** A real logger whose lines stay in memory; errors are kept as they were thrown. */
export function memoryLogger(): { logger: Logger; lines: LogLine[]; errors: unknown[] } {
  const lines: LogLine[] = []
  const errors: unknown[] = []
  const keepError = (error: unknown) => {
    errors.push(error)
    return String(error)
  }
  const logger = pino(
    { level: 'debug', serializers: { err: keepError } },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  return { logger, lines, errors }
}
