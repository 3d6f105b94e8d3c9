/**
 * A small S3 on a port of its own, for people and tests without MinIO: one private bucket, signatures checked,
 * objects in a folder. The same contract tests run against it and against MinIO.
 */

import { corsHeaders, sendListing, sendObject } from './object-store/answers.ts'
import { type ObjectFiles, openObjectFiles } from './object-store/object-files.ts'
import { accessDenied, noSuchKey, preconditionFailed, renderError, S3Error } from './object-store/s3-error.ts'
import { type Credentials, decodePart, verifySignature } from './object-store/signature.ts'

export type ObjectStoreOptions = Credentials &
  Readonly<{ dir: string; bucket: string; port: number; now?: () => Date }>

export type ObjectStoreServer = Readonly<{ url: string; stop(): Promise<void> }>

const OBJECT_BYTES_MAX = 5 * 1024 ** 3
const KEY_BYTES_MAX = 1024

/**
 * Starts the store on the loopback; the bucket is there at once.
 *
 * @throws when the port is taken
 */
export function startObjectStore(options: ObjectStoreOptions): ObjectStoreServer {
  const files = openObjectFiles(options.dir)
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: options.port,
    maxRequestBodySize: OBJECT_BYTES_MAX + 1,
    idleTimeout: 60,
    reusePort: false,
    async fetch(request) {
      const url = new URL(request.url)
      const answer = await answerRequest(request, url, options, files).catch((error: unknown) =>
        refuse(error, request, url),
      )
      for (const [name, value] of Object.entries(corsHeaders(request))) answer.headers.set(name, value)
      return answer
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) }
}

async function answerRequest(
  request: Request,
  url: URL,
  options: ObjectStoreOptions,
  files: ObjectFiles,
): Promise<Response> {
  if (request.method === 'OPTIONS') {
    if (!request.headers.has('origin')) throw accessDenied()
    return new Response(null, { status: 204 })
  }
  const payloadHash = verifySignature(request, url, options, options.now?.() ?? new Date())
  const [bucket = '', ...rest] = url.pathname.slice(1).split('/').map(decodePart)
  const key = rest.join('/')
  if (bucket !== options.bucket) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
  if (key === '') return answerBucket(request, url, bucket, files)
  if (Buffer.byteLength(key) > KEY_BYTES_MAX)
    throw new S3Error(400, 'KeyTooLongError', 'Your key is too long')

  switch (request.method) {
    case 'PUT':
      return storeObject(request, key, payloadHash, files)
    case 'GET':
    case 'HEAD': {
      const object = files.find(key)
      if (object === null) throw noSuchKey()
      return sendObject(request, url, object, files)
    }
    case 'DELETE':
      files.remove(key)
      return new Response(null, { status: 204 })
    default:
      throw notImplemented()
  }
}

function answerBucket(request: Request, url: URL, bucket: string, files: ObjectFiles): Response {
  if (request.method === 'HEAD') return new Response(null)
  if (request.method === 'GET' && url.searchParams.get('list-type') === '2')
    return sendListing(url, bucket, files)
  throw notImplemented()
}

async function storeObject(
  request: Request,
  key: string,
  payloadHash: string,
  files: ObjectFiles,
): Promise<Response> {
  const { headers } = request
  if (payloadHash.startsWith('STREAMING-') || headers.has('x-amz-copy-source')) throw notImplemented()
  const length = headers.get('content-length')
  if (length === null)
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.')
  const sizeBytes = Number(length)
  if (sizeBytes > OBJECT_BYTES_MAX)
    throw new S3Error(400, 'EntityTooLarge', 'The upload is larger than an object may be')
  const condition = headers.get('if-none-match')
  if (condition !== null && condition !== '*') throw notImplemented()
  // Also before the body, so that a second upload need not be sent to be refused.
  if (condition === '*' && files.find(key)) throw preconditionFailed()
  const stored = await files.put({
    key,
    body: request.body,
    sizeBytes,
    contentType: headers.get('content-type') ?? 'binary/octet-stream',
    onlyIfAbsent: condition === '*',
    sha256: payloadHash === 'UNSIGNED-PAYLOAD' ? null : payloadHash,
  })
  return new Response(null, { headers: { etag: `"${stored.etag}"` } })
}

function refuse(error: unknown, request: Request, url: URL): Response {
  const known =
    error instanceof S3Error ? error : new S3Error(500, 'InternalError', 'We encountered an internal error.')
  if (known !== error && !request.signal.aborted) console.error('object store:', error)
  const body = request.method === 'HEAD' ? null : renderError(known, url.pathname, crypto.randomUUID())
  return new Response(body, { status: known.status, headers: { 'content-type': 'application/xml' } })
}

const notImplemented = () =>
  new S3Error(501, 'NotImplemented', 'A header or call you provided is not implemented')
