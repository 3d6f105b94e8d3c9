/** A client's side of the storage contract: signs with the AWS SDK, sends with plain `fetch`. */

import { once } from 'node:events'
import { connect } from 'node:net'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { BucketAddress } from '../../../dev/stack-types.ts'

export type PutTerms = Readonly<{
  key: string
  type: string
  sizeBytes: number
  signedAt?: Date
  expiresSeconds?: number
}>

const SIGNED = new Set(['host', 'content-type', 'content-length', 'if-none-match'])

/** A client of the bucket; `overrides` replaces credentials or region, to be somebody else. */
export function openBucket(address: BucketAddress, overrides: Partial<BucketAddress> = {}) {
  const { endpoint, region, forcePathStyle, accessKeyId, secretAccessKey, bucket } = {
    ...address,
    ...overrides,
  }
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  })
  const bucketUrl = `${endpoint}/${bucket}`
  return {
    client,
    bucket,
    bucketUrl,

    signPut({ key, type, sizeBytes, signedAt, expiresSeconds = 300 }: PutTerms): Promise<string> {
      const terms = {
        Bucket: bucket,
        Key: key,
        ContentType: type,
        ContentLength: sizeBytes,
        IfNoneMatch: '*',
      }
      return getSignedUrl(client, new PutObjectCommand(terms), {
        signableHeaders: SIGNED,
        expiresIn: expiresSeconds,
        ...(signedAt ? { signingDate: signedAt } : {}),
      })
    },
    signGet: (key: string) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: 300 }),
    signHead: (key: string) =>
      getSignedUrl(client, new HeadObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: 300 }),
    close: () => client.destroy(),
  }
}

/** Sends the bytes as a browser would, with the headers the upload answer names; `headers` changes some. */
export function send(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  headers: Record<string, string | null> = {},
): Promise<Response> {
  const all = new Headers({ 'Content-Type': 'image/png', 'If-None-Match': '*' })
  for (const [name, value] of Object.entries(headers))
    value === null ? all.delete(name) : all.set(name, value)
  return fetch(url, { method: 'PUT', body, headers: all })
}

/** Starts the upload over a bare socket, sends half of the bytes and hangs up; resolves when the line is closed. */
export async function sendHalf(url: string, sizeBytes: number): Promise<void> {
  const { hostname, port, host, pathname, search } = new URL(url)
  const head = [
    `PUT ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: image/png',
    'If-None-Match: *',
    `Content-Length: ${sizeBytes}`,
  ]
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  socket.end(someBytes(sizeBytes / 2))
  socket.resume()
  await once(socket, 'close')
}

/** Bytes that differ from call to call. */
export function someBytes(count = 64): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count))
}

/** The `<Code>` of an S3 error document, after the status. */
export async function refusal(response: Response): Promise<string> {
  const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? 'none'
  return `${response.status} ${code}`
}

/** Middleware for the SDK's last step: exchanges the bytes after they have been signed. */
export function swapBody<Args extends { request: unknown }, Answer>(next: (args: Args) => Promise<Answer>) {
  return (args: Args): Promise<Answer> => {
    const { request } = args
    if (typeof request === 'object' && request !== null && 'body' in request) request.body = someBytes()
    return next(args)
  }
}
