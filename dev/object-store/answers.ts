/** What the store sends back: headers every answer carries, whole objects and parts of them, listings. */

import type { ObjectFiles, StoredObject } from './object-files.ts'
import { escapeXml, S3Error } from './s3-error.ts'

/** Browsers of any origin may talk to the store: what lets them in is the signature, not where they come from. */
export function corsHeaders(request: Request): Record<string, string> {
  if (!request.headers.has('origin')) return {}
  const preflight = {
    'access-control-allow-methods': 'GET, HEAD, PUT',
    'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '*',
    'access-control-max-age': '600',
  }
  return {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'ETag, Content-Length, Content-Range',
    ...(request.method === 'OPTIONS' ? preflight : {}),
  }
}

/** The object, or the part of it that `Range` asks for. @throws S3Error when the range lies outside of it */
export function sendObject(request: Request, url: URL, object: StoredObject, files: ObjectFiles): Response {
  const headers: Record<string, string> = {
    'content-type': url.searchParams.get('response-content-type') ?? object.contentType,
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedAt).toUTCString(),
    'x-content-type-options': 'nosniff',
  }
  for (const name of ['content-disposition', 'cache-control']) {
    const wanted = url.searchParams.get(`response-${name}`)
    if (wanted) headers[name] = wanted
  }
  if (request.headers.get('if-none-match')?.includes(headers.etag ?? ''))
    return new Response(null, { status: 304, headers })
  const range = readRange(request.headers.get('range'), object.sizeBytes)
  const { first, last } = range ?? { first: 0, last: object.sizeBytes - 1 }
  if (range) headers['content-range'] = `bytes ${first}-${last}/${object.sizeBytes}`
  headers['content-length'] = String(last - first + 1)
  const status = range ? 206 : 200
  if (request.method === 'HEAD') return new Response(null, { status, headers })
  return new Response(Bun.file(files.pathOf(object)).slice(first, last + 1), { status, headers })
}

function readRange(header: string | null, sizeBytes: number): { first: number; last: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return null
  const isSuffix = match[1] === ''
  const first = isSuffix ? Math.max(0, sizeBytes - Number(match[2])) : Number(match[1])
  const last = isSuffix || match[2] === '' ? sizeBytes - 1 : Math.min(Number(match[2]), sizeBytes - 1)
  if (first > last) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable')
  return { first, last }
}

/** The answer to ListObjectsV2. @throws S3Error on a bad `max-keys` */
export function sendListing(url: URL, bucket: string, files: ObjectFiles): Response {
  const get = (name: string) => url.searchParams.get(name) ?? ''
  const max = get('max-keys') === '' ? 1000 : Number(get('max-keys'))
  if (!Number.isInteger(max) || max < 0)
    throw new S3Error(400, 'InvalidArgument', 'Argument max-keys must be an integer')
  const token = Buffer.from(get('continuation-token'), 'base64url').toString()
  const page = files.list(get('prefix'), token || get('start-after'), Math.min(max, 1000))
  const next = page.objects.at(-1)?.key
  const contents = page.objects.map(
    (object) =>
      `<Contents><Key>${escapeXml(object.key)}</Key><LastModified>${object.modifiedAt}</LastModified>` +
      `<ETag>&#34;${object.etag}&#34;</ETag><Size>${object.sizeBytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  )
  const more =
    page.isTruncated && next !== undefined
      ? `<NextContinuationToken>${Buffer.from(next).toString('base64url')}</NextContinuationToken>`
      : ''
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    `<Name>${escapeXml(bucket)}</Name><Prefix>${escapeXml(get('prefix'))}</Prefix><KeyCount>${contents.length}</KeyCount>` +
    `<MaxKeys>${max}</MaxKeys><IsTruncated>${page.isTruncated}</IsTruncated>${more}${contents.join('')}</ListBucketResult>`
  return new Response(body, { headers: { 'content-type': 'application/xml' } })
}
