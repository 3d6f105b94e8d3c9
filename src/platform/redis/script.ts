import type { RedisCommands } from './connection'

/** Runs on the server, as one; its keys lie in one slot. Answers what it returns, throws what the client throws. */
export type RedisScript = (
  connection: RedisCommands,
  keys: readonly string[],
  values: readonly (string | number)[],
) => Promise<unknown>

/**
 * A Lua script that is sent by its digest, and whole only to a server that does not know it yet.
 *
 * @param source what it does with KEYS and ARGV
 */
export function createScript(source: string): RedisScript {
  const digest = new Bun.CryptoHasher('sha1').update(source).digest('hex')
  return async (connection, keys, values) => {
    try {
      return await connection.evalsha(digest, keys.length, ...keys, ...values)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return connection.eval(source, keys.length, ...keys, ...values)
    }
  }
}
