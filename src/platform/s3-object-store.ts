import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Config } from '../config'
import type { Clock } from '../kernel/clock'
import { unavailable } from '../kernel/errors'
import type { ObjectStore } from './object-store'

/** The object store by the AWS SDK; `object-store.ts` loads this file at first use. */

const DEADLINE_MS = 2000
const FIRST_BYTES = 4096
const READ_URL_TTL_SECONDS = 900
const READ_URL_ROUND_MS = 240_000
const READ_URLS_MAX = 50_000

const isMissing = (error: unknown): boolean =>
  error instanceof Error && ['NoSuchKey', 'NotFound', '404'].includes(error.name)
/** A range on an empty object cannot be satisfied: the object is there, with no bytes. */
const isEmptyObject = (error: unknown): boolean => error instanceof Error && error.name === 'InvalidRange'

export function createS3ObjectStore(config: Config, clock: Clock): ObjectStore {
  const client = (endpoint: string) =>
    new S3Client({
      endpoint,
      region: config.s3.region,
      credentials: { accessKeyId: config.s3.accessKeyId, secretAccessKey: config.s3.secretAccessKey },
      forcePathStyle: config.s3.forcePathStyle,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 1000, requestTimeout: DEADLINE_MS },
    })
  const inner = client(config.s3.endpoint)
  /** Signs with the address that the browser reaches; the host is part of a signature. */
  const outer = client(config.s3.publicEndpoint)
  const at = (key: string) => ({ Bucket: config.s3.bucket, Key: key })
  const withinDeadline = () => ({ abortSignal: AbortSignal.timeout(DEADLINE_MS) })
  const readUrls = new Map<string, { url: string; signedAtMs: number }>()

  return {
    async presignPut(key, contentType, sizeBytes) {
      // Signatures know whole seconds.
      const signedAt = new Date(Math.floor(clock.nowMs() / 1000) * 1000)
      const command = new PutObjectCommand({
        ...at(key),
        ContentType: contentType,
        ContentLength: sizeBytes,
        IfNoneMatch: '*',
      })
      const url = await getSignedUrl(outer, command, {
        expiresIn: config.uploadUrlTtlSeconds,
        signingDate: signedAt,
        signableHeaders: new Set(['host', 'content-type', 'content-length', 'if-none-match']),
      })
      return {
        method: 'PUT',
        url,
        headers: { 'Content-Type': contentType, 'If-None-Match': '*' },
        expires_at: new Date(signedAt.getTime() + config.uploadUrlTtlSeconds * 1000).toISOString(),
      }
    },

    async readStart(key) {
      try {
        const range = `bytes=0-${FIRST_BYTES - 1}`
        const answer = await inner.send(new GetObjectCommand({ ...at(key), Range: range }), withinDeadline())
        const firstBytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array()
        const total = Number(answer.ContentRange?.split('/')[1] ?? answer.ContentLength ?? firstBytes.length)
        return { sizeBytes: total, contentType: answer.ContentType ?? '', firstBytes }
      } catch (error) {
        if (isMissing(error)) return null
        if (isEmptyObject(error)) return { sizeBytes: 0, contentType: '', firstBytes: new Uint8Array() }
        throw unavailable(error)
      }
    },

    async urlFor(key) {
      const signedAtMs = Math.floor(clock.nowMs() / READ_URL_ROUND_MS) * READ_URL_ROUND_MS
      const known = readUrls.get(key)
      if (known?.signedAtMs === signedAtMs) return known.url
      const url = await getSignedUrl(outer, new GetObjectCommand(at(key)), {
        expiresIn: READ_URL_TTL_SECONDS,
        signingDate: new Date(signedAtMs),
      })
      if (readUrls.size >= READ_URLS_MAX) readUrls.clear()
      readUrls.set(key, { url, signedAtMs })
      return url
    },

    async remove(key) {
      try {
        await inner.send(new DeleteObjectCommand(at(key)), withinDeadline())
      } catch (error) {
        if (!isMissing(error)) throw unavailable(error)
      }
    },

    async ping(signal) {
      await inner.send(new HeadBucketCommand({ Bucket: config.s3.bucket }), { abortSignal: signal })
    },

    close() {
      inner.destroy()
      outer.destroy()
    },
  }
}
