import { describe, expect, jest, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../kernel/errors'
import { BODY_BYTES_MAX, checkContent, readJsonBody } from './json-body'

const request = (body: BodyInit | null, contentType: string | null = 'application/json', headers = {}) =>
  new Request('http://localhost/', {
    method: 'POST',
    body,
    headers: { ...(contentType === null ? {} : { 'content-type': contentType }), ...headers },
  })
const refusal = async (asked: Request): Promise<string> => {
  try {
    const value = await readJsonBody(asked)
    checkContent(value)
    return `read ${JSON.stringify(value)}`
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}
const chunked = (chunks: Uint8Array[]) =>
  new ReadableStream({
    pull(controller) {
      const next = chunks.shift()
      if (next === undefined) controller.close()
      else controller.enqueue(next)
    },
  })

describe('readJsonBody', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json ; x=y',
  ])('reads %s', async (type) => {
    expect(await readJsonBody(request('{"a":1}', type))).toEqual({ a: 1 })
  })
  test.each([
    null,
    '',
    'text/plain',
    'application/jsonp',
    'multipart/form-data',
    'application/json; charset=utf-16',
  ])('415 for %p', async (type) => {
    expect(await refusal(request(new TextEncoder().encode('{}'), type))).toBe('unsupported_media_type')
  })
  test.each(['', '{', '{"a":1,}', "{'a':1}", 'undefined', 'NaN', '\ufeff', '{"a":1}x'])(
    '400 for %p',
    async (text) => {
      expect(await refusal(request(text))).toBe('malformed_json')
    },
  )
  test('400 for bytes that are no UTF-8', async () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
    ]) {
      expect(await refusal(request(Uint8Array.from(bytes)))).toBe('malformed_json')
    }
  })
  test('413 for a length that is said to be too much, before a byte is read', async () => {
    let pulls = 0
    const body = new ReadableStream({ pull: () => void pulls++ }, { highWaterMark: 0 })
    expect(await refusal(request(body, undefined, { 'content-length': '65537' }))).toBe('payload_too_large')
    expect(pulls).toBe(0)
  })
  test('413 for a body without a length, as soon as it is over the limit', async () => {
    let sent = 0
    const long = new ReadableStream({
      pull(controller) {
        sent += 16_384
        if (sent > 64 * BODY_BYTES_MAX) controller.close()
        else controller.enqueue(new Uint8Array(16_384).fill(0x20))
      },
    })
    expect(await refusal(request(long))).toBe('payload_too_large')
    expect(sent).toBeLessThan(BODY_BYTES_MAX * 3)
  })
  test('the limit itself is fine', async () => {
    const text = `"${'x'.repeat(BODY_BYTES_MAX - 2)}"`
    expect(await refusal(request(text))).toStartWith('read ')
    expect(await refusal(request(`${text} `))).toBe('payload_too_large')
  })
  test('408 for a body that does not arrive in time', async () => {
    jest.useFakeTimers()
    try {
      const never = new ReadableStream({ pull: () => new Promise<void>(() => undefined) })
      const outcome = refusal(request(never))
      jest.advanceTimersByTime(10_001)
      expect(await outcome).toBe('request_timeout')
    } finally {
      jest.useRealTimers()
    }
  })
  test.each([
    ['a NUL', '{"a":{"b":["x\\u0000"]}}'],
    ['half of a pair', '{"text":"\\ud83d"}'],
    ['a name with a NUL', '{"a\\u0000":1}'],
    ['a bare text', '"\\u0000"'],
  ])('422 for %s, written as an escape', async (_, text) => {
    expect(await refusal(request(text))).toBe('validation_failed')
  })
  test('422 for what is nested without end', async () => {
    expect(await refusal(request(`${'['.repeat(5000)}${']'.repeat(5000)}`))).toBe('validation_failed')
  })
  test('a pair of escapes is one character', async () => {
    expect(await readJsonBody(request('"\\ud83d\\ude00"'))).toBe('😀')
  })
  test('gives back what was sent, however it is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.integer({ min: 1, max: 7 }), async (value, size) => {
        const bytes = new TextEncoder().encode(JSON.stringify(value))
        const pieces: Uint8Array[] = []
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size))
        expect(await readJsonBody(request(chunked(pieces)))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 50 },
    )
  })
})
