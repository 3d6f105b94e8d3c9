import { Cluster, Command } from 'ioredis'
import type { RedisGate } from './client'
import type { RedisCommands } from './connection'

/** Reads keys together with whatever else is asked for meanwhile, as one command. */
export type BatchedRead = (...keys: readonly string[]) => Promise<(string | null)[]>

type Asker = {
  keys: readonly string[]
  resolve(values: (string | null)[]): void
  reject(error: unknown): void
}

/**
 * A busy process asks for dozens of versions at once, and one command costs hardly more than one of them. So one is under
 * way at a time: what is asked for before its answer goes together in the next, and the busier, the more it is.
 */
export function createBatchedRead(redis: RedisGate): BatchedRead {
  let waiting: Asker[] = []
  let isScheduled = false

  const flush = () => {
    const askers = waiting
    waiting = []
    isScheduled = askers.length > 0
    if (!isScheduled) return
    // Keys that several ask for, such as the token of removals, are read once.
    const places = new Map<string, number>()
    for (const { keys } of askers) for (const key of keys) if (!places.has(key)) places.set(key, places.size)
    redis
      .run((connection) => readAll(connection, [...places.keys()]))
      .then(
        (values) => {
          for (const asker of askers)
            asker.resolve(asker.keys.map((key) => values[places.get(key) ?? -1] ?? null))
        },
        (error: unknown) => {
          for (const asker of askers) asker.reject(error)
        },
      )
      .finally(flush)
  }

  return (...keys) =>
    new Promise((resolve, reject) => {
      waiting.push({ keys, resolve, reject })
      if (isScheduled) return
      isScheduled = true
      setImmediate(flush)
    })
}

/** One command; of a Cluster, whose commands cannot span slots, one for each key, side by side. */
function readAll(connection: RedisCommands, keys: string[]): Promise<(string | null)[]> {
  if (connection instanceof Cluster) return Promise.all(keys.map((key) => connection.get(key)))
  // Not by its method, which would wait for others to share a pipeline with.
  const command = new Command('mget', keys, { replyEncoding: 'utf8' })
  return connection.sendCommand(command) as Promise<(string | null)[]>
}
