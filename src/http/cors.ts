/** Cross-origin access (Fetch standard, CORS protocol): only origins of the configuration are ever named. */

const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id'
const EXPOSED_HEADERS =
  'Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Location, Idempotent-Replayed, X-Request-Id'
const PREFLIGHT_SECONDS = 600

export type Cors = Readonly<{
  isAllowed(origin: string | null): origin is string
  /** Headers for an answer to that origin; none for a stranger. */
  headers(origin: string | null): Readonly<Record<string, string>>
  preflight(origin: string | null, methods: Iterable<string>): Readonly<Record<string, string>>
}>

/** @param origins `scheme://host[:port]`, where the port may be `*` (any, or none) */
export function createCors(origins: readonly string[]): Cors {
  const exact = new Set(origins.filter((origin) => !origin.endsWith(':*')))
  const anyPort = new Set(
    origins.filter((origin) => origin.endsWith(':*')).map((origin) => origin.slice(0, -2)),
  )
  const isAllowed = (origin: string | null): origin is string =>
    origin !== null && (exact.has(origin) || anyPort.has(origin.replace(/:\d{1,5}$/, '')))
  const toStranger: Readonly<Record<string, string>> = {}
  return {
    isAllowed,
    headers: (origin) =>
      isAllowed(origin)
        ? {
            'Access-Control-Allow-Origin': origin,
            'Access-Control-Expose-Headers': EXPOSED_HEADERS,
          }
        : toStranger,
    preflight: (origin, methods) =>
      isAllowed(origin)
        ? {
            'Access-Control-Allow-Origin': origin,
            'Access-Control-Allow-Methods': [...methods].join(', '),
            'Access-Control-Allow-Headers': ALLOWED_HEADERS,
            'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
          }
        : toStranger,
  }
}
