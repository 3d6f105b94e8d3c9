/**
 * @param protocols with their colon, such as `redis:`
 * @returns what is wrong with the URL, for the one who configures; null when nothing is
 */
export function findUrlFault(url: string, protocols: readonly string[]): string | null {
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (protocols.includes(protocol)) return null
  return `must be a URL that starts with ${protocols.map((item) => `${item}//`).join(' or ')}`
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
