import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ava } from '../../../test/support/cast'
import { NOON } from '../../../test/support/fakes/clock'
import { AppError } from '../../kernel/errors'
import { findKept, onceKey, runOnce } from './run-once'
import type { IdempotencyStore, StoredAnswer } from './store'

/** A store in which another transaction may hold the key. */
function aStore(isHeld = false) {
  const kept = new Map<string, StoredAnswer>()
  const since: Date[] = []
  const store: IdempotencyStore = {
    findAnswer: async (userId, key, keptSince) => {
      since.push(keptSince)
      return kept.get(`${userId} ${key}`) ?? null
    },
    tryLock: async () => !isHeld,
    saveAnswer: async (userId, key, answer) => void kept.set(`${userId} ${key}`, answer),
  }
  return { store, kept, since }
}
const ANSWER = { status: 201, location: '/stories/1', body: '{"id":1}' }
const keyOf = (body: object, header = 'k1') => {
  const once = onceKey(ava.id, header, body)
  if (once === null) throw new Error('no key')
  return once
}
const codeOf = (error: unknown) => (error instanceof AppError ? error.code : String(error))

describe('runOnce', () => {
  test('works, keeps the answer, and gives it again without working', async () => {
    const { store } = aStore()
    let works = 0
    const work = async () => {
      works++
      return ANSWER
    }
    expect(await runOnce(store, keyOf({ a: 1 }), NOON, work)).toEqual({ ...ANSWER, replayed: false })
    expect(await runOnce(store, keyOf({ a: 1 }), NOON, work)).toEqual({ ...ANSWER, replayed: true })
    expect(works).toBe(1)
  })
  test('without a key works each time', async () => {
    const { store, kept } = aStore()
    await runOnce(store, null, NOON, async () => ANSWER)
    expect(kept.size).toBe(0)
  })
  test('refuses while another holds the key, with when to come back', async () => {
    const error = await runOnce(aStore(true).store, keyOf({}), NOON, async () => ANSWER).catch(
      (e: unknown) => e,
    )
    expect(error).toEqual(
      expect.objectContaining({ code: 'idempotency_in_progress', headers: { 'Retry-After': '1' } }),
    )
  })
  test('refuses the key for another body', async () => {
    const { store } = aStore()
    await runOnce(store, keyOf({ a: 1 }), NOON, async () => ANSWER)
    const again = runOnce(store, keyOf({ a: 2 }), NOON, async () => ANSWER)
    expect(codeOf(await again.catch((error: unknown) => error))).toBe('idempotency_key_reused')
  })
  test('does not remember a failure', async () => {
    const { store, kept } = aStore()
    const fail = () => Promise.reject(new Error('no'))
    await expect(runOnce(store, keyOf({}), NOON, fail)).rejects.toThrow('no')
    expect(kept.size).toBe(0)
  })
  test('looks back 24 hours and no further', async () => {
    const { store, since } = aStore()
    await findKept(store, keyOf({}), NOON)
    expect(since).toEqual([new Date(NOON.getTime() - 86_400_000)])
  })
})

describe('onceKey', () => {
  test('is the same for the same fields in another order', () => {
    const body = fc.dictionary(fc.constantFrom('text', 'visibility', 'media_key'), fc.string())
    fc.assert(
      fc.property(body, (fields) => {
        const turned = Object.fromEntries(Object.entries(fields).reverse())
        expect(keyOf(turned).fingerprint).toBe(keyOf(fields).fingerprint)
      }),
    )
  })
  test.each([
    [{ text: 'a' }, { text: 'b' }],
    [{ text: 'a' }, { text: 'a', media_key: null }],
    [{ audience_user_ids: ['1', '2'] }, { audience_user_ids: ['2', '1'] }],
    [
      { text: 'a', visibility: 'b' },
      { text: 'b', visibility: 'a' },
    ],
  ])('is another for %j and %j', (a, b) => {
    expect(keyOf(a).fingerprint).not.toBe(keyOf(b).fingerprint)
  })
  test('takes 1 to 255 visible ASCII characters', () => {
    expect(onceKey(ava.id, null, {})).toBeNull()
    for (const good of ['a', '!~', 'x'.repeat(255)]) expect(onceKey(ava.id, good, {})?.key).toBe(good)
    for (const bad of ['', ' ', 'a b', 'x'.repeat(256), 'é', '\u007f']) {
      expect(() => onceKey(ava.id, bad, {})).toThrow('visible ASCII')
    }
  })
})
