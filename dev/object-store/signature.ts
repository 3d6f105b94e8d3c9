/**
 * Checks Signature Version 4 on the server's side, presigned or in the Authorization header.
 * Computed here from the request as it arrived, not with the signer that clients use, so that one proves the other.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { accessDenied, S3Error } from './s3-error.ts'

export type Credentials = Readonly<{ accessKeyId: string; secretAccessKey: string; region: string }>

type Claims = Readonly<{
  credential: string
  signedHeaders: readonly string[]
  signature: string
  signedAt: string
  payloadHash: string
}>

const ALGORITHM = 'AWS4-HMAC-SHA256'
const CLOCK_SKEW_MS = 15 * 60_000
const EXPIRES_SECONDS_MAX = 7 * 86_400

/**
 * @returns the payload's hash that was signed: hexadecimal, or `UNSIGNED-PAYLOAD`
 * @throws S3Error when the request is anonymous, signed by somebody else, for another request or another time
 */
export function verifySignature(request: Request, url: URL, credentials: Credentials, now: Date): string {
  const presigned = url.searchParams.has('X-Amz-Signature') || url.searchParams.has('X-Amz-Credential')
  const header = request.headers.get('authorization')
  if (!presigned && header === null) throw accessDenied()
  const claims = presigned ? readPresigned(url, now) : readHeader(header ?? '', request.headers, now)

  const [accessKeyId, day, region, service, suffix] = claims.credential.split('/')
  if (accessKeyId !== credentials.accessKeyId) {
    throw new S3Error(
      403,
      'InvalidAccessKeyId',
      'The Access Key Id you provided does not exist in our records.',
    )
  }
  if (
    day !== claims.signedAt.slice(0, 8) ||
    service !== 's3' ||
    suffix !== 'aws4_request' ||
    region !== credentials.region
  ) {
    throw malformed('The credential scope is not of this store.')
  }
  const scope = `${day}/${region}/s3/aws4_request`
  const canonical = canonicalRequest(request, url, claims)
  const text = [ALGORITHM, claims.signedAt, scope, sha256(canonical)].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  )
  if (!isEqual(createHmac('sha256', key).update(text).digest('hex'), claims.signature)) {
    const message = 'The request signature we calculated does not match the signature you provided.'
    throw new S3Error(403, 'SignatureDoesNotMatch', message)
  }
  return claims.payloadHash
}

function readPresigned(url: URL, now: Date): Claims {
  const get = (name: string) => url.searchParams.get(`X-Amz-${name}`) ?? ''
  const expiresSeconds = Number(get('Expires'))
  if (get('Algorithm') !== ALGORITHM) throw malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256".')
  if (!/^\d+$/.test(get('Expires')) || expiresSeconds < 1 || expiresSeconds > EXPIRES_SECONDS_MAX) {
    throw malformed('X-Amz-Expires must be between 1 second and a week.')
  }
  const ageMs = now.getTime() - readTime(get('Date'))
  if (ageMs < -CLOCK_SKEW_MS) throw accessDenied('Request is not valid yet')
  if (ageMs > expiresSeconds * 1000) throw accessDenied('Request has expired')
  return {
    credential: get('Credential'),
    signedHeaders: get('SignedHeaders').split(';'),
    signature: get('Signature'),
    signedAt: get('Date'),
    payloadHash: get('Content-Sha256') || 'UNSIGNED-PAYLOAD',
  }
}

function readHeader(header: string, headers: Headers, now: Date): Claims {
  if (!header.startsWith(`${ALGORITHM} `)) throw malformed('Only AWS4-HMAC-SHA256 is supported.')
  const fields = new Map(
    header
      .slice(ALGORITHM.length)
      .split(',')
      .map((field): [string, string] => [
        field.split('=', 1)[0]?.trim() ?? '',
        field.slice(field.indexOf('=') + 1).trim(),
      ]),
  )
  const signedAt = headers.get('x-amz-date') ?? ''
  if (Math.abs(now.getTime() - readTime(signedAt)) > CLOCK_SKEW_MS) {
    const message = "The difference between the request time and the server's time is too large."
    throw new S3Error(403, 'RequestTimeTooSkewed', message)
  }
  const payloadHash = headers.get('x-amz-content-sha256')
  if (payloadHash === null) throw new S3Error(400, 'InvalidRequest', 'x-amz-content-sha256 is missing.')
  return {
    credential: fields.get('Credential') ?? '',
    signedHeaders: (fields.get('SignedHeaders') ?? '').split(';'),
    signature: fields.get('Signature') ?? '',
    signedAt,
    payloadHash,
  }
}

function canonicalRequest(request: Request, url: URL, { signedHeaders, payloadHash }: Claims): string {
  const headers = signedHeaders.map((name) => {
    const value = request.headers.get(name)
    if (value === null) throw accessDenied('There were headers signed that are not in the request', 400)
    return `${name}:${value.trim().replace(/\s+/g, ' ')}\n`
  })
  if (!signedHeaders.includes('host')) throw accessDenied('The host header must be signed', 400)
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
  const path = url.pathname.split('/').map((part) => encode(decodePart(part)))
  return [
    request.method,
    path.join('/'),
    query.join('&'),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

/** Percent-decodes a piece of a path. @throws S3Error when that is not possible */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.")
  }
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

function readTime(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) throw accessDenied('The date of the signature is missing or malformed')
  const [, year, month, day, hour, minute, second] = match
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

const malformed = (message: string) => new S3Error(400, 'AuthorizationHeaderMalformed', message)
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const isEqual = (expected: string, given: string) =>
  Buffer.byteLength(given) === expected.length && timingSafeEqual(Buffer.from(expected), Buffer.from(given))
