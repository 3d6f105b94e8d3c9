import { Cluster, Command } from 'ioredis'
import type { RedisCommands } from './connection'

/** The texts of these keys, in one command; of a Cluster, whose commands cannot span slots, one for each, side by side. */
export function readMany(
  connection: RedisCommands,
  keys: readonly string[],
): Promise<readonly (string | null)[]> {
  if (connection instanceof Cluster) return Promise.all(keys.map((key) => connection.get(key)))
  const command = new Command('mget', [...keys], { replyEncoding: 'utf8' })
  return connection.sendCommand(command) as Promise<(string | null)[]>
}
