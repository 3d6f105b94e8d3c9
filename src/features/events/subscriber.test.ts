import { describe, expect, test } from 'bun:test'
import { BUFFER_BYTES_MAX, type CloseReason, Outlet } from './subscriber'

const open = () => {
  const reasons: CloseReason[] = []
  const outlet = new Outlet({ ended: (reason) => void reasons.push(reason) })
  return { outlet, reasons }
}
const bytes = (count: number) => new Uint8Array(count)

describe('a connection', () => {
  test('takes no more than its buffer holds', () => {
    const { outlet } = open()
    expect(outlet.write(bytes(BUFFER_BYTES_MAX))).toBe(true)
    expect(outlet.hasRoom()).toBe(false)
    expect(outlet.write(bytes(1))).toBe(false)
  })
  test('has room again when the client has read, and says so to who waits', async () => {
    const { outlet } = open()
    outlet.write(bytes(BUFFER_BYTES_MAX))
    const room = outlet.whenRoom()
    const reader = outlet.stream.getReader()
    await reader.read()
    await room
    expect(outlet.hasRoom()).toBe(true)
  })
  test('gives a slow reader an error at once, instead of waiting for what it never takes', async () => {
    const { outlet, reasons } = open()
    outlet.write(bytes(BUFFER_BYTES_MAX))
    outlet.close('slow')
    await expect(outlet.stream.getReader().read()).rejects.toThrow('slowly')
    expect(reasons).toEqual(['slow'])
  })
  test('lets what is buffered out when it ends well', async () => {
    const { outlet } = open()
    outlet.write(Uint8Array.of(1, 2))
    outlet.close('token_expired')
    const reader = outlet.stream.getReader()
    expect((await reader.read()).value).toEqual(Uint8Array.of(1, 2))
    expect((await reader.read()).done).toBe(true)
  })
  test('ends once, however often it is told to, and wakes who waits', async () => {
    const { outlet, reasons } = open()
    outlet.write(bytes(BUFFER_BYTES_MAX))
    const room = outlet.whenRoom()
    outlet.close('shutdown')
    outlet.close('slow')
    await outlet.stream.cancel()
    await room
    expect(reasons).toEqual(['shutdown'])
    expect(outlet.isOpen()).toBe(false)
    expect(outlet.write(bytes(1))).toBe(false)
  })
  test('that the client leaves is known as such', async () => {
    const { outlet, reasons } = open()
    await outlet.stream.cancel()
    expect(reasons).toEqual(['client'])
  })
})
