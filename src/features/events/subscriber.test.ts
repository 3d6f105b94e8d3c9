import { describe, expect, test } from 'bun:test'
import { BUFFER_BYTES_MAX, type CloseReason, openStream } from './subscriber'

const open = () => {
  const reasons: CloseReason[] = []
  return { handle: openStream((reason) => reasons.push(reason)), reasons }
}
const bytes = (count: number) => new Uint8Array(count)

describe('a connection', () => {
  test('takes no more than its buffer holds', () => {
    const { handle } = open()
    expect(handle.write(bytes(BUFFER_BYTES_MAX))).toBe(true)
    expect(handle.hasRoom()).toBe(false)
    expect(handle.write(bytes(1))).toBe(false)
  })
  test('has room again when the client has read, and says so to who waits', async () => {
    const { handle } = open()
    handle.write(bytes(BUFFER_BYTES_MAX))
    const room = handle.whenRoom()
    const reader = handle.stream.getReader()
    await reader.read()
    await room
    expect(handle.hasRoom()).toBe(true)
  })
  test('gives a slow reader an error at once, instead of waiting for what it never takes', async () => {
    const { handle, reasons } = open()
    handle.write(bytes(BUFFER_BYTES_MAX))
    handle.close('slow')
    await expect(handle.stream.getReader().read()).rejects.toThrow('slowly')
    expect(reasons).toEqual(['slow'])
  })
  test('lets what is buffered out when it ends well', async () => {
    const { handle } = open()
    handle.write(Uint8Array.of(1, 2))
    handle.close('token_expired')
    const reader = handle.stream.getReader()
    expect((await reader.read()).value).toEqual(Uint8Array.of(1, 2))
    expect((await reader.read()).done).toBe(true)
  })
  test('ends once, however often it is told to, and wakes who waits', async () => {
    const { handle, reasons } = open()
    handle.write(bytes(BUFFER_BYTES_MAX))
    const room = handle.whenRoom()
    handle.close('shutdown')
    handle.close('slow')
    await handle.stream.cancel()
    await room
    expect(reasons).toEqual(['shutdown'])
    expect(handle.isOpen()).toBe(false)
    expect(handle.write(bytes(1))).toBe(false)
  })
  test('that the client leaves is known as such', async () => {
    const { handle, reasons } = open()
    await handle.stream.cancel()
    expect(reasons).toEqual(['client'])
  })
})
