/**
 * @param protocols with their colon, such as `redis:`
 * @returns what is wrong with the URL, for the one who configures; null when nothing is
 */
export function findUrlFault(url: string, protocols: readonly string[]): string | null {
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (!protocols.includes(protocol))
    return `must be a URL that starts with ${protocols.map((item) => `${item}//`).join(' or ')}`
  const { username, password, pathname } = new URL(url)
  return [username, password, pathname].every(isDecodable) ? null : 'must have %25 where it means %'
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** Of other clients, as hosters put them into what is to be copied; PostgreSQL would refuse each connection for them. */
const FOREIGN_PARAMETERS = [
  'channel_binding',
  'connection_limit',
  'gssencmode',
  'pgbouncer',
  'pool_timeout',
  'schema',
]

/** The same for the URL of a database. */
export function findDatabaseFault(url: string, protocols: readonly string[]): string | null {
  const fault = findUrlFault(url, protocols)
  if (fault !== null) return fault
  const foreign = [...new URL(url).searchParams.keys()].filter((name) => FOREIGN_PARAMETERS.includes(name))
  return foreign.length === 0 ? null : `must not have ${foreign.join(', ')}, which this client does not know`
}

/** The same for one URL, or several with commas between: nodes of a cluster, which share all but host and port. */
export function findNodesFault(urls: string, protocols: readonly string[]): string | null {
  const nodes = urls.split(',').map((url) => url.trim())
  const fault = nodes.map((url) => findUrlFault(url, protocols)).find((found) => found !== null) ?? null
  if (fault !== null || nodes.length === 1) return fault
  const parsed = nodes.map((url) => new URL(url))
  if (parsed.some(({ pathname, search }) => !['', '/', '/0'].includes(pathname) || search !== ''))
    return 'must name nodes of a cluster without a database, as a cluster has but one'
  const shared = new Set(
    parsed.map(({ protocol, username, password }) => `${protocol}${username}:${password}`),
  )
  return shared.size === 1 ? null : 'must name nodes that share protocol, user and password'
}
