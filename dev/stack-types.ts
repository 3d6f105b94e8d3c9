/** What a stack is: PostgreSQL, Redis and a bucket, wherever they run. */

import type { Secrets } from './secrets.ts'

export type StackKind = 'given' | 'containers' | 'embedded'

export type BucketAddress = Readonly<{
  endpoint: string
  publicEndpoint: string
  region: string
  bucket: string
  accessKeyId: string
  secretAccessKey: string
  forcePathStyle: boolean
}>

export type StackAddresses = Readonly<{
  kind: StackKind
  /** A database `stories` (or the one given), with a user who may create others. */
  databaseUrl: string
  redisUrl: string
  s3: BucketAddress
}>

export type PieceOptions = Readonly<{ dataDir: string | null; secrets: Secrets }>

export type RunningPiece<Address> = Readonly<{
  address: Address
  /** Resolves with a message when the piece ends by itself; null where we cannot know. */
  ended: Promise<string> | null
  stop(): Promise<void>
}>

/** The addresses as the service's environment variables. */
export function stackEnv({ databaseUrl, redisUrl, s3 }: StackAddresses): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    S3_ENDPOINT: s3.endpoint,
    S3_PUBLIC_ENDPOINT: s3.publicEndpoint,
    S3_REGION: s3.region,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    S3_FORCE_PATH_STYLE: String(s3.forcePathStyle),
  }
}
