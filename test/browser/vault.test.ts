import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createBrowserKeep } from '../../web/vault.ts'

const real = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')

/** A storage that other tabs can write to, and this one only when the test allows it. */
function setStorage() {
  const texts = new Map<string, string>()
  const state = { isFull: false }
  const localStorage = {
    getItem: (name: string) => texts.get(name) ?? null,
    removeItem: (name: string) => texts.delete(name),
    setItem(name: string, text: string) {
      if (state.isFull) throw new DOMException('full', 'QuotaExceededError')
      texts.set(name, text)
    },
  }
  Object.defineProperty(globalThis, 'localStorage', { value: localStorage, configurable: true })
  return { state, texts }
}

describe('what a full storage refuses', () => {
  let scene: ReturnType<typeof setStorage>
  beforeEach(() => {
    scene = setStorage()
  })
  afterEach(() => {
    if (real) Object.defineProperty(globalThis, 'localStorage', real)
    else Reflect.deleteProperty(globalThis, 'localStorage')
  })

  test('is kept by the page', () => {
    const keep = createBrowserKeep()
    keep.write('a', 1)
    scene.state.isFull = true
    keep.write('a', 2)
    expect(keep.read<number>('a')).toBe(2)
    keep.write('a', null)
    expect(keep.read('a')).toBeNull()
  })

  test('gives way to what another tab writes or removes later, and to what is taken again', () => {
    const keep = createBrowserKeep()
    keep.write('a', 1)
    keep.write('b', 1)
    scene.state.isFull = true
    keep.write('a', 2)
    keep.write('b', 2)
    scene.texts.set('a', '3')
    scene.texts.delete('b')
    expect([keep.read<number>('a'), keep.read<number>('b')]).toEqual([3, null])
    scene.state.isFull = false
    keep.write('a', 4)
    expect([keep.read<number>('a'), scene.texts.get('a')]).toEqual([4, '4'])
  })
})
