import { describe, expect, test } from 'bun:test'
import { startOfUtcDay } from './clock'
import { createSingleFlight } from './single-flight'

describe('single flight', () => {
  test('calls at the same time under one name share one piece of work', async () => {
    const flights = createSingleFlight()
    const { promise, resolve } = Promise.withResolvers<number>()
    let works = 0
    const work = () => {
      works++
      return promise
    }
    const calls = [flights.once('a', work), flights.once('a', work), flights.once('a', work)]
    resolve(7)
    expect(await Promise.all(calls)).toEqual([7, 7, 7])
    expect(works).toBe(1)
  })
  test('other names and later calls work for themselves', async () => {
    const flights = createSingleFlight()
    let works = 0
    const work = async () => ++works
    expect(await Promise.all([flights.once('a', work), flights.once('b', work)])).toEqual([1, 2])
    expect(await flights.once('a', work)).toBe(3)
  })
  test('a failure reaches all who waited, and is not kept', async () => {
    const flights = createSingleFlight()
    const fail = () => Promise.reject(new Error('no'))
    const outcomes = await Promise.allSettled([flights.once('a', fail), flights.once('a', fail)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await flights.once('a', async () => 'fine')).toBe('fine')
  })
})

describe('startOfUtcDay', () => {
  test.each([
    ['2026-03-04T12:34:56.789Z', 0, '2026-03-04T00:00:00.000Z'],
    ['2026-03-04T00:00:00.000Z', 6, '2026-02-26T00:00:00.000Z'],
    ['2026-01-01T23:59:59.999Z', 1, '2025-12-31T00:00:00.000Z'],
  ])('%s, %d days before, is %s', (date, days, start) => {
    expect(startOfUtcDay(new Date(date), days).toISOString()).toBe(start)
  })
})
