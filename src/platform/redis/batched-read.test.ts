import { expect, test } from 'bun:test'
import type { Command } from 'ioredis'
import { createBatchedRead } from './batched-read'
import type { RedisGate } from './client'

/** A gate whose commands are answered when the test says so; each key's value is the key in capitals. */
function heldGate() {
  const asked: string[][] = []
  const answers: { resolve(): void; reject(error: unknown): void }[] = []
  const connection = {
    sendCommand: (command: Command) =>
      new Promise<string[]>((resolve, reject) => {
        const keys = command.args.map(String)
        asked.push(keys)
        answers.push({ resolve: () => resolve(keys.map((key) => key.toUpperCase())), reject })
      }),
  }
  const gate = { run: (command: (redis: unknown) => Promise<unknown>) => command(connection) }
  return { read: createBatchedRead(gate as unknown as RedisGate, 'all'), asked, answers }
}
const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

test('what is asked for while an answer is under way goes together in the next command', async () => {
  const { read, asked, answers } = heldGate()
  const first = [read('a'), read('b')]
  await turn()
  expect(asked).toEqual([['all', 'a', 'b']])
  const second = [read('c'), read('d')]
  await turn()
  expect(asked).toHaveLength(1)
  answers[0]?.resolve()
  expect(await Promise.all(first)).toEqual([
    { value: 'A', common: 'ALL' },
    { value: 'B', common: 'ALL' },
  ])
  await turn()
  expect(asked[1]).toEqual(['all', 'c', 'd'])
  answers[1]?.resolve()
  expect(await Promise.all(second)).toEqual([
    { value: 'C', common: 'ALL' },
    { value: 'D', common: 'ALL' },
  ])
})

test('a failure reaches those who asked, and not those who came after', async () => {
  const { read, asked, answers } = heldGate()
  const lost = read('a').catch((error: Error) => error.message)
  await turn()
  const kept = read('b')
  answers[0]?.reject(new Error('away'))
  expect(await lost).toBe('away')
  await turn()
  expect(asked[1]).toEqual(['all', 'b'])
  answers[1]?.resolve()
  expect((await kept).value).toBe('B')
})

test('when nobody asks nothing is sent, and the next to ask is heard', async () => {
  const { read, asked, answers } = heldGate()
  const first = read('a')
  await turn()
  answers[0]?.resolve()
  await first
  await turn()
  expect(asked).toHaveLength(1)
  const next = read('b')
  await turn()
  answers[1]?.resolve()
  expect((await next).value).toBe('B')
})
