/** One idea: "give me PostgreSQL, Redis and a bucket", for people (`make dev`) and for tests. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chooseKind, readGiven, rememberKind } from './choose-stack.ts'
import {
  removeLeftOverContainers,
  startMinioContainer,
  startPostgresContainer,
  startRedisContainer,
} from './containers.ts'
import type { Piece } from './docker.ts'
import { startEmbeddedBucket, startEmbeddedPostgres, startEmbeddedRedis } from './embedded.ts'
import { loadSecrets, makeSecrets } from './secrets.ts'
import {
  type BucketAddress,
  type RunningPiece,
  type StackAddresses,
  type StackKind,
  stackEnv,
} from './stack-types.ts'

export type StackOptions = Readonly<{
  /** Where the data stays; null for a throw-away stack in a temporary folder, tuned without syncing. */
  dataDir: string | null
  log?: (line: string) => void
}>

export type Stack = StackAddresses &
  Readonly<{
    /** The addresses as the service's environment variables. */
    env(): Record<string, string>
    /** Resolves with a message when a piece ends without having been asked to. */
    ended: Promise<string>
    /** Ends every piece that this stack started; safe to call twice. */
    stop(): Promise<void>
  }>

type Starters = Readonly<Record<Exclude<Piece, 'minio'>, () => Promise<RunningPiece<string>>>> &
  Readonly<{ minio: () => Promise<RunningPiece<BucketAddress>> }>

/**
 * Brings up what the environment does not give: DATABASE_URL, REDIS_URL and S3_ENDPOINT are used where set, the rest
 * runs in containers or embedded (STACK=containers or STACK=embedded makes all of it, whatever is given).
 *
 * @throws when a piece cannot be had; those already started are stopped again
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const log = options.log ?? (() => {})
  const given = readGiven(process.env)
  const missing: Piece[] = []
  if (!given.databaseUrl) missing.push('postgres')
  if (!given.redisUrl) missing.push('redis')
  if (!given.s3) missing.push('minio')
  const dataDir = options.dataDir === null ? null : resolve(options.dataDir)
  const kind = missing.length === 0 ? 'given' : await chooseKind(process.env, missing, dataDir, log)
  const dir = openFolder(dataDir)
  const dropFolder = () => {
    if (dataDir === null) rmSync(dir, { recursive: true, force: true })
  }

  const starters = await prepareStarters(kind, dataDir, dir, log)
  const starts = [
    given.databaseUrl ? use(given.databaseUrl) : starters.postgres(),
    given.redisUrl ? use(given.redisUrl) : starters.redis(),
    given.s3 ? use(given.s3) : starters.minio(),
  ] as const
  const settled = await Promise.allSettled(starts)
  const stopAll = once(async () => {
    await Promise.allSettled(
      settled.map((piece) => (piece.status === 'fulfilled' ? piece.value.stop() : null)),
    )
    dropFolder()
  })
  const failed = settled.find((piece) => piece.status === 'rejected')
  if (failed) {
    await stopAll()
    throw failed.reason
  }
  const [database, redis, bucket] = await Promise.all(starts)
  if (dataDir !== null && kind !== 'given') rememberKind(dataDir, kind)
  const addresses: StackAddresses = {
    kind,
    databaseUrl: database.address,
    redisUrl: redis.address,
    s3: bucket.address,
  }
  const ends = [database, redis, bucket].flatMap(({ ended }) => (ended ? [ended] : []))
  // What somebody set beside an address of theirs says nothing about a database of ours.
  const env = () => ({ ...stackEnv(addresses), ...(given.databaseUrl ? {} : NOTHING_BESIDE) })
  return { ...addresses, env, ended: firstOf(ends), stop: stopAll }
}

const NOTHING_BESIDE = { DATABASE_PREPARE: '', DATABASE_MIGRATION_URL: '', DATABASE_REPLICA_URL: '' }

function openFolder(dataDir: string | null): string {
  const dir = dataDir ?? mkdtempSync(join(tmpdir(), 'stories-'))
  mkdirSync(dir, { recursive: true })
  // The database may run as another user, who must be able to pass through.
  chmodSync(dir, 0o711)
  return dir
}

async function prepareStarters(
  kind: StackKind,
  dataDir: string | null,
  dir: string,
  log: (line: string) => void,
): Promise<Starters> {
  const secrets = dataDir === null ? makeSecrets() : loadSecrets(dir)
  const options = { dataDir, secrets, dir, log }
  if (kind === 'containers') {
    await removeLeftOverContainers()
    return {
      postgres: () => startPostgresContainer(options),
      redis: () => startRedisContainer(options),
      minio: () => startMinioContainer(options),
    }
  }
  return {
    postgres: () => startEmbeddedPostgres(options),
    redis: () => startEmbeddedRedis(options),
    minio: () => startEmbeddedBucket(options),
  }
}

async function use<T>(address: T): Promise<RunningPiece<T>> {
  return { address, ended: null, stop: async () => {} }
}

function firstOf(promises: readonly Promise<string>[]): Promise<string> {
  // A race of none never settles, which is what a stack that we cannot watch needs.
  return Promise.race(promises)
}

function once(job: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= job()
    return running
  }
}
