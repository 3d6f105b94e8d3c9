import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { sseComment, sseFrame, sseRetry } from './sse'

describe('frames', () => {
  test('have one line a field and end with an empty one', () => {
    expect(sseFrame({ id: '7', event: 'story.viewed', data: '{"a":1}' })).toBe(
      'id: 7\nevent: story.viewed\ndata: {"a":1}\n\n',
    )
    expect(sseFrame({ id: '7' })).toBe('id: 7\n\n')
    expect(sseRetry(1000)).toBe('retry: 1000\n\n')
  })
  test('no value can inject a field: a line break in it is refused', () => {
    const anyField = fc.constantFrom('id', 'event', 'data')
    const anyBreak = fc.constantFrom('\n', '\r', '\r\n', '\u0000')
    fc.assert(
      fc.property(anyField, fc.string(), anyBreak, fc.string(), (field, before, lineBreak, after) => {
        expect(() => sseFrame({ [field]: before + lineBreak + after })).toThrow(field)
      }),
    )
  })
  test('JSON never has one', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(sseFrame({ data: JSON.stringify(JSON.parse(json)) }).split('\n')).toHaveLength(3)
      }),
    )
  })
  test('a comment stays one line', () => {
    expect(sseComment('a\nevent: b\rc')).toBe(': a event: b c\n\n')
  })
})
