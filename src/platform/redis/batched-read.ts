import { Cluster, Command } from 'ioredis'
import { createBatcher } from '../../kernel/batcher'
import type { RedisGate } from './client'
import type { RedisCommands } from './connection'

/** Reads keys together with whatever else is asked for meanwhile, as one command. */
export type BatchedRead = (...keys: readonly string[]) => Promise<(string | null)[]>

/** A busy process asks for dozens of versions at once, and one command costs hardly more than one of them. */
export function createBatchedRead(redis: RedisGate): BatchedRead {
  const read = createBatcher<readonly string[], (string | null)[]>({
    sizeMax: Number.POSITIVE_INFINITY,
    async run(asked) {
      // Keys that several ask for, such as the token of removals, are read once.
      const places = new Map<string, number>()
      for (const keys of asked) for (const key of keys) if (!places.has(key)) places.set(key, places.size)
      const values = await redis.run((connection) => readAll(connection, [...places.keys()]))
      return asked.map((keys) => keys.map((key) => values[places.get(key) ?? -1] ?? null))
    },
  })
  return (...keys) => read(keys)
}

/** One command; of a Cluster, whose commands cannot span slots, one for each key, side by side. */
function readAll(connection: RedisCommands, keys: string[]): Promise<(string | null)[]> {
  if (connection instanceof Cluster) return Promise.all(keys.map((key) => connection.get(key)))
  // Not by its method, which would wait for others to share a pipeline with.
  const command = new Command('mget', keys, { replyEncoding: 'utf8' })
  return connection.sendCommand(command) as Promise<(string | null)[]>
}
