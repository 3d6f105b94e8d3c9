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
})
