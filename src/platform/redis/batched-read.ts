import { Cluster, Command } from 'ioredis'
import type { RedisGate } from './client'
import type { RedisCommands } from './connection'

/** Reads keys together with whatever else is asked for in the same turn of the event loop, as one command. */
export type BatchedRead = (...keys: readonly string[]) => Promise<(string | null)[]>

type Asker = {
  keys: readonly string[]
  resolve(values: (string | null)[]): void
  reject(error: unknown): void
}

/** A busy process asks for dozens of versions at once; one command costs hardly more than one of them. */
export function createBatchedRead(redis: RedisGate): BatchedRead {
  let waiting: Asker[] = []

  const flush = () => {
    const askers = waiting
    waiting = []
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
  }

  return (...keys) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ keys, resolve, reject })
    })
}

/** One command; of a Cluster, whose commands cannot span slots, one for each key, side by side. */
function readAll(connection: RedisCommands, keys: string[]): Promise<(string | null)[]> {
  if (connection instanceof Cluster) return Promise.all(keys.map((key) => connection.get(key)))
  // Not by its method, which would wait for others to share a pipeline with.
  const command = new Command('mget', keys, { replyEncoding: 'utf8' })
  return connection.sendCommand(command) as Promise<(string | null)[]>
}
