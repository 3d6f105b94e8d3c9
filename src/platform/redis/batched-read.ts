import { Cluster, Command } from 'ioredis'
import { createBatcher } from '../../kernel/batcher'
import type { RedisGate } from './client'
import type { RedisCommands } from './connection'

/** Reads a key, together with whatever else is asked for meanwhile, as one command. */
export type BatchedRead = (key: string) => Promise<Readonly<{ value: string | null; common: string | null }>>

/**
 * A busy process asks for dozens of versions at once, and one command costs hardly more than one of them.
 *
 * @param commonKey read with each of them, and once for all that go together
 */
export function createBatchedRead(redis: RedisGate, commonKey: string): BatchedRead {
  return createBatcher({
    sizeMax: Number.POSITIVE_INFINITY,
    // A turn costs next to nothing, and a command that is spared costs many.
    turns: 2,
    async run(keys: readonly string[]) {
      const [common = null, ...values] = await redis.run((connection) =>
        readAll(connection, [commonKey, ...keys]),
      )
      return values.map((value) => ({ value, common }))
    },
  })
}

/** One command; of a Cluster, whose commands cannot span slots, one for each key, side by side. */
function readAll(connection: RedisCommands, keys: string[]): Promise<(string | null)[]> {
  if (connection instanceof Cluster) return Promise.all(keys.map((key) => connection.get(key)))
  // Not by its method, which would wait for others to share a pipeline with.
  const command = new Command('mget', keys, { replyEncoding: 'utf8' })
  return connection.sendCommand(command) as Promise<(string | null)[]>
}
