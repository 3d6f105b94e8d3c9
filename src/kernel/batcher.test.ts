import { afterEach, beforeEach, expect, jest, test } from 'bun:test'
import { createBatcher } from './batcher'

/** Batches are answered when the test says so; each item's answer is itself in capitals. */
function heldBatches(options: {
  sizeMax: number
  everyMs?: number
  enough?: number
  isOfOne?: (error: unknown) => boolean
}) {
  const batches: { items: readonly string[]; answer(): void; fail(error: unknown): void }[] = []
  const ask = createBatcher<string, string>({
    ...options,
    run: (items) =>
      new Promise((resolve, reject) => {
        const answer = () => resolve(items.map((item) => item.toUpperCase()))
        batches.push({ items, answer, fail: reject })
      }),
  })
  return { ask, batches, sent: () => batches.map(({ items }) => items.join('')) }
}
// Patience runs out when a test says so, not when the machine is slow.
beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

test('nobody waits for company: one alone goes at once', async () => {
  const { ask, batches, sent } = heldBatches({ sizeMax: 9 })
  const one = ask('a')
  await turn()
  expect(sent()).toEqual(['a'])
  batches[0]?.answer()
  expect(await one).toBe('A')
})

test('what comes while a batch is under way goes together, and each gets its own answer', async () => {
  const { ask, batches, sent } = heldBatches({ sizeMax: 9 })
  const early = ask('a')
  await turn()
  const late = ['b', 'c', 'd'].map((item) => ask(item))
  await turn()
  expect(sent()).toEqual(['a'])
  batches[0]?.answer()
  expect(await early).toBe('A')
  await turn()
  expect(sent()).toEqual(['a', 'bcd'])
  batches[1]?.answer()
  expect(await Promise.all(late)).toEqual(['B', 'C', 'D'])
})

test('a batch that is stuck does not keep the others waiting for longer than they have patience', async () => {
  const { ask, batches, sent } = heldBatches({ sizeMax: 2 })
  const stuck = ask('a')
  await turn()
  const others = [...'bcd'].map((item) => ask(item))
  await turn()
  jest.advanceTimersByTime(24)
  expect(sent()).toEqual(['a'])
  jest.advanceTimersByTime(1)
  expect(sent()).toEqual(['a', 'bc', 'd'])
  for (const batch of batches.slice(1)) batch.answer()
  expect(await Promise.all(others)).toEqual(['B', 'C', 'D'])
  const next = ask('e')
  await turn()
  jest.advanceTimersByTime(24)
  expect(sent()).toHaveLength(3)
  batches[0]?.answer()
  expect(await stuck).toBe('A')
  await turn()
  batches[3]?.answer()
  expect(await next).toBe('E')
})

test('batches that are to be apart wait for that alone, and whoever comes after such a rest for nothing', async () => {
  const { ask, batches, sent } = heldBatches({ sizeMax: 9, everyMs: 4000 })
  const first = ask('a')
  await turn()
  batches[0]?.answer()
  expect(await first).toBe('A')
  const others = [...'bc'].map((item) => ask(item))
  await turn()
  expect(sent()).toEqual(['a'])
  jest.advanceTimersByTime(4000)
  expect(sent()).toEqual(['a', 'bc'])
  batches[1]?.answer()
  expect(await Promise.all(others)).toEqual(['B', 'C'])
})

test('a batch that is to be apart goes at once when enough wait for it', async () => {
  const { ask, batches, sent } = heldBatches({ sizeMax: 9, everyMs: 4000, enough: 3 })
  const all = [ask('a')]
  await turn()
  batches[0]?.answer()
  await all[0]
  all.push(ask('b'), ask('c'))
  await turn()
  expect(sent()).toEqual(['a'])
  all.push(ask('d'))
  await turn()
  expect(sent()).toEqual(['a', 'bcd'])
  batches[1]?.answer()
  expect(await Promise.all(all)).toEqual([...'ABCD'])
  // The rest begins anew with the batch that cut it short.
  jest.advanceTimersByTime(3000)
  const last = ask('e')
  await turn()
  expect(sent()).toHaveLength(2)
  jest.advanceTimersByTime(4000)
  expect(sent()).toHaveLength(3)
  batches[2]?.answer()
  expect(await last).toBe('E')
})

test('a batch is no larger than it may be, and the rest is not forgotten', async () => {
  const { ask, batches, sent } = heldBatches({ sizeMax: 2 })
  const all = [...'abcde'].map((item) => ask(item))
  for (let i = 0; i < 3; i++) {
    await turn()
    batches[i]?.answer()
  }
  expect(await Promise.all(all)).toEqual([...'ABCDE'])
  expect(sent()).toEqual(['ab', 'cd', 'e'])
})

test('a failure of all is everybody’s, and the next are not harmed', async () => {
  const { ask, batches, sent } = heldBatches({ sizeMax: 9 })
  const lost = Promise.allSettled([ask('a'), ask('b')])
  await turn()
  batches[0]?.fail(new Error('away'))
  expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const next = ask('c')
  await turn()
  expect(sent()).toEqual(['ab', 'c'])
  batches[1]?.answer()
  expect(await next).toBe('C')
})

test('a failure that may be of one is found by running each again, and is that one’s alone', async () => {
  const { ask, batches, sent } = heldBatches({ sizeMax: 9, isOfOne: () => true })
  const all = Promise.allSettled([...'abc'].map((item) => ask(item)))
  await turn()
  batches[0]?.fail(new Error('b is wrong'))
  await turn()
  batches[1]?.answer()
  await turn()
  batches[2]?.fail(new Error('b is wrong'))
  await turn()
  batches[3]?.answer()
  expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(sent()).toEqual(['abc', 'a', 'b', 'c'])
})
