/** What browsers are told about every answer; pages get a policy that allows their own files and the bucket. */

const SECONDS_TWO_YEARS = 63_072_000

const ALWAYS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
}

/** What comes with every answer of the API. */
export const API_HEADERS: Readonly<Record<string, string>> = {
  ...ALWAYS,
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
}

export type SecurityHeaders = Readonly<{
  forPages: Readonly<Record<string, string>>
  overTls: Readonly<Record<string, string>>
}>

/** @param bucketOrigin where browsers read and write media, `scheme://host[:port]` */
export function createSecurityHeaders(bucketOrigin: string): SecurityHeaders {
  const pagePolicy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data: blob: ${bucketOrigin}`,
    `media-src 'self' blob: ${bucketOrigin}`,
    `connect-src 'self' ${bucketOrigin}`,
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  return {
    forPages: { ...ALWAYS, 'Content-Security-Policy': pagePolicy, 'X-Frame-Options': 'DENY' },
    overTls: { 'Strict-Transport-Security': `max-age=${SECONDS_TWO_YEARS}; includeSubDomains` },
  }
}

/** The origin a browser sends media requests to: path-style under the endpoint, or the bucket's own host. */
export function bucketOrigin(publicEndpoint: string, bucket: string, forcePathStyle: boolean): string {
  const { protocol, host } = new URL(publicEndpoint)
  return forcePathStyle ? `${protocol}//${host}` : `${protocol}//${bucket}.${host}`
}
