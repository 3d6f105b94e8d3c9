import { describe, expect, test } from 'bun:test'
import { createLineBuffer } from './line-buffer'

/** What was handed on for lines of these lengths, piece by piece. */
function piecesOf(lengths: readonly number[], textLengthMax: number): string[] {
  const pieces: string[] = []
  const buffer = createLineBuffer(
    { write: (text: string) => pieces.push(text), flush: (done) => done() },
    textLengthMax,
  )
  for (const [i, length] of lengths.entries()) buffer.write(`${String(i % 10).repeat(length - 1)}\n`)
  buffer.flush()
  return pieces
}

describe('createLineBuffer', () => {
  test('hands on whole lines, in pieces no longer than allowed', () => {
    const lengths = [40, 40, 40, 90, 10, 10, 100, 1, 99, 2]
    const pieces = piecesOf(lengths, 100)
    expect(pieces.map((piece) => piece.length)).toEqual([80, 40, 100, 10, 100, 100, 2])
    expect(pieces.every((piece) => piece.endsWith('\n'))).toBe(true)
  })
  test('a line that is longer than a piece goes alone, and nothing is lost', () => {
    const pieces = piecesOf([10, 250, 10], 100)
    expect(pieces.map((piece) => piece.length)).toEqual([10, 250, 10])
  })
  test('a line that is put together later keeps its place among the others', () => {
    const texts: string[] = []
    const buffer = createLineBuffer({ write: (text: string) => texts.push(text), flush: (done) => done() })
    let made = 0
    buffer.write('a\n')
    buffer.writeLater(() => `b${++made}\n`)
    buffer.write('c\n')
    expect(made).toBe(0)
    buffer.flush()
    expect(texts.join('')).toBe('a\nb1\nc\n')
  })
  test('a stranger who asks without end fills the output, not the memory', () => {
    let handedOn = 0
    const buffer = createLineBuffer({ write: () => handedOn++, flush: (done) => done() })
    for (let i = 0; i < 255; i++) buffer.writeLater(() => 'x\n')
    expect(handedOn).toBe(0)
    buffer.writeLater(() => 'x\n')
    expect(handedOn).toBe(1)
  })
})
