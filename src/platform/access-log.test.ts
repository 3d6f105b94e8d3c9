import { expect, test } from 'bun:test'
import pino from 'pino'
import { createAccessLog } from './access-log'

const LINE = {
  request_id: 'mine',
  user_id: 'somebody',
  method: 'GET',
  route: '/stories/:id',
  path: '/stories/1',
  status: 200,
  duration_ms: 1.234,
}

const written = (level: string, work: (logger: pino.Logger) => void): string[] => {
  const lines: string[] = []
  const options = {
    level,
    base: { service: 'api' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  work(pino(options, { write: (line: string) => lines.push(line) }))
  return lines
}
const withoutTime = (line: string | undefined) => line?.replace(/"time":"[^"]+"/, '"time":""')

test.each([
  ['as it is', LINE],
  ['without a user', { ...LINE, user_id: undefined }],
  ['with a hostile path', { ...LINE, path: '/"},{\\u0000\n\r\u2028\ud800</script>' }],
])('a line is the one that the logger itself would write: %s', (_, line) => {
  const [ours] = written('info', (logger) => createAccessLog(logger)('info', line))
  const [theirs] = written('info', (logger) => logger.info({ event: 'http_request', ...line }))
  expect(withoutTime(ours)).toBe(withoutTime(theirs) ?? '')
  expect(JSON.parse(ours ?? '')).toMatchObject({ event: 'http_request', path: line.path })
})

test('a line below the level is not written', () => {
  expect(written('info', (logger) => createAccessLog(logger)('debug', LINE))).toEqual([])
  expect(written('debug', (logger) => createAccessLog(logger)('debug', LINE))).toHaveLength(1)
})
