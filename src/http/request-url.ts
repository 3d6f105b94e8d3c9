/** Where the path begins in the URL that the server gives: without a `Host` header (HTTP/1.0) it is the path alone. */
const startOfPath = (url: string): number =>
  url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + 3)

/** Elysia looks for the path behind this many characters, and so misses it after `http://api/` or without a host. */
const APP_PATH_START_MIN = 11

/** Whether Elysia finds the path in it. */
export const isReadable = (url: string): boolean => startOfPath(url) >= APP_PATH_START_MIN

/** The same path and query behind a host that Elysia can read. */
export const readableUrl = (url: string): string =>
  `http://localhost${url.slice(Math.max(0, startOfPath(url)))}`

/** The path without the query. */
export function pathOf(url: string): string {
  const start = startOfPath(url)
  if (start < 0) return '/'
  const query = url.indexOf('?', start)
  return query < 0 ? url.slice(start) : url.slice(start, query)
}

/** Whether the client speaks TLS, to this server or to the last of the trusted proxies. */
export const isTls = (request: Request, trustedProxyHops: number): boolean =>
  request.url.startsWith('https:') ||
  (trustedProxyHops > 0 && request.headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim() === 'https')
