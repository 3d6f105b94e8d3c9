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
