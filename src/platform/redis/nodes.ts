import type { Redis } from 'ioredis'

export type RedisNode = Readonly<{
  host: string
  port: number
  username?: string
  password?: string
  tls?: Record<string, never>
}>

export const CONNECT_MS_MAX = 1000
export const RECONNECT_AFTER_MS = 200

const DEFAULT_PORT = 6379

/** Addresses and credentials of a checked REDIS_URL: one URL, or several with commas between. */
export function parseNodes(url: string): RedisNode[] {
  return url.split(',').map((text) => {
    const { protocol, hostname, port, username, password } = new URL(text.trim())
    return {
      // Brackets are for URLs; the socket wants the bare IPv6 address.
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? DEFAULT_PORT : Number(port),
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    }
  })
}

/**
 * Throws when the node refuses writes, as it then refuses any script that might write: it is full, a replica by now, cannot
 * save, or has too few copies. Reading alone would show what others could not change any more.
 */
export async function checkWritable(node: Pick<Redis, 'eval'>): Promise<void> {
  await node.eval('#!lua\nreturn 1', 0)
}

/** Dials anew where a connection stands; in any other state an attempt is under way, which must not be cut off. */
export function redialIfOpen(
  connection: Readonly<{ status: string; disconnect(reconnect: boolean): void }>,
): void {
  if (['connect', 'ready'].includes(connection.status)) connection.disconnect(true)
}
