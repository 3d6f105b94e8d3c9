/** Decides where the pieces of the stack come from. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dockerAnswers, getImages, type Piece } from './docker.ts'
import type { BucketAddress, StackKind } from './stack-types.ts'

type Env = Readonly<Record<string, string | undefined>>
type Made = Exclude<StackKind, 'given'>

export type Given = Readonly<{
  databaseUrl: string | null
  redisUrl: string | null
  s3: BucketAddress | null
}>

/** The pieces whose addresses the environment gives; none when STACK asks for a kind by name. */
export function readGiven(env: Env): Given {
  if (env.STACK) return { databaseUrl: null, redisUrl: null, s3: null }
  return {
    databaseUrl: env.DATABASE_URL || null,
    redisUrl: env.REDIS_URL || null,
    s3: env.S3_ENDPOINT
      ? {
          endpoint: env.S3_ENDPOINT,
          publicEndpoint: env.S3_PUBLIC_ENDPOINT || env.S3_ENDPOINT,
          region: env.S3_REGION || 'us-east-1',
          bucket: env.S3_BUCKET || 'stories',
          accessKeyId: env.S3_ACCESS_KEY_ID ?? '',
          secretAccessKey: env.S3_SECRET_ACCESS_KEY ?? '',
          forcePathStyle: !['false', '0'].includes(env.S3_FORCE_PATH_STYLE?.toLowerCase() ?? ''),
        }
      : null,
  }
}

/**
 * Containers when Docker answers and has (or can get) the images of the missing pieces, else embedded. A data folder
 * stays with the kind it was begun with, as the other one would not find its data.
 *
 * @throws when STACK asks for what is not there, or for something unknown
 */
export async function chooseKind(
  env: Env,
  missing: readonly Piece[],
  dataDir: string | null,
  log: (line: string) => void,
): Promise<Made> {
  const asked = env.STACK
  if (asked && asked !== 'embedded' && asked !== 'containers') {
    throw new Error(`STACK is ${JSON.stringify(asked)}; it may be embedded or containers`)
  }
  const before = dataDir === null ? null : readKind(dataDir)
  const wanted = asked ?? before
  if (wanted === 'embedded') return 'embedded'
  const usable = (await dockerAnswers()) && (await getImages(missing, log))
  if (usable) return 'containers'
  if (asked)
    throw new Error(
      'STACK=containers: Docker does not answer, or does not have the images and cannot pull them',
    )
  if (before)
    throw new Error(
      'The data is in Docker volumes and Docker does not answer; start it, or use STACK=embedded',
    )
  return 'embedded'
}

/** Remembers the kind for the next start in this folder. */
export function rememberKind(dataDir: string, kind: Made): void {
  writeFileSync(join(dataDir, 'kind'), `${kind}\n`)
}

function readKind(dataDir: string): Made | null {
  try {
    return readFileSync(join(dataDir, 'kind'), 'utf8').trim() === 'containers' ? 'containers' : 'embedded'
  } catch {
    return null
  }
}
