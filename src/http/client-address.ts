import { isIP } from 'node:net'

/**
 * The address of the client: the peer's, or with N trusted proxies in front the Nth `X-Forwarded-For` entry from the
 * right, as each proxy appends what it saw. Anything further left was written by the client and proves nothing.
 *
 * @returns an IPv4 address, or the /64 network of an IPv6 address (RFC 6177: what one site is given)
 */
export function clientAddress(forwardedFor: string | null, peer: string, trustedHops: number): string {
  if (trustedHops === 0 || forwardedFor === null) return networkOf(peer)
  const entries = forwardedFor.split(',')
  const entry = addressOf(entries[entries.length - trustedHops]?.trim() ?? '')
  return networkOf(isIP(entry) === 0 ? peer : entry)
}

/** Some proxies append the port, which is another one for each connection, or write IPv6 in brackets. */
function addressOf(entry: string): string {
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(entry)
  return bare?.[1] ?? bare?.[2] ?? entry
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!address.includes(':')) return address
  const [head = '', tail = ''] = address.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const zeros = address.includes('::')
    ? new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
    : []
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
