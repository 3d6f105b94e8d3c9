import { expect, test } from 'bun:test'
import { createTurns } from './turns'

test('work under one name runs one after the other, also after a failure; other names do not wait', async () => {
  const turns = createTurns()
  const log: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turns.inTurn('a', async () => {
    await gate.promise
    log.push('first')
    throw new Error('failed')
  })
  const second = turns.inTurn('a', async () => void log.push('second'))
  await turns.inTurn('b', async () => void log.push('other'))
  expect(log).toEqual(['other'])
  gate.resolve()
  await expect(first).rejects.toThrow('failed')
  await second
  expect(log).toEqual(['other', 'first', 'second'])
})

test('a turn that comes too late to be answered in time is given up, and those behind it, too', async () => {
  let nowMs = 0
  const turns = createTurns(() => nowMs)
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const first = turns.inTurn('a', () => {
    begun.resolve()
    return gate.promise
  })
  await begun.promise
  let done = 0
  const others = [1, 2, 3].map(() => turns.inTurn('a', async () => void done++))
  nowMs = 1501
  const last = turns.inTurn('a', async () => void done++)
  gate.resolve()
  const outcomes = await Promise.allSettled([first, ...others, last])
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    ...others.map(() => 'rejected' as const),
    'fulfilled',
  ])
  expect(outcomes[1]).toMatchObject({ reason: { code: 'unavailable' } })
  expect(done).toBe(1)
})
