/** The stack's pieces without Docker: programs that npm and Debian ship, and our own object store. */

import { join } from 'node:path'
import type { Child } from './children.ts'
import { startObjectStore } from './object-store.ts'
import { startOnFreePort } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import type { BucketAddress, PieceOptions, RunningPiece } from './stack-types.ts'

export type EmbeddedOptions = PieceOptions & Readonly<{ dir: string; log: (line: string) => void }>

// Kept from start to start where they are free, so that addresses in bookmarks and tools stay good.
const PREFERRED_PORTS = { postgres: 54_320, redis: 63_790, objects: 9_010 }

export async function startEmbeddedPostgres({
  dir,
  dataDir,
  secrets,
}: EmbeddedOptions): Promise<RunningPiece<string>> {
  const preferredPort = dataDir === null ? null : PREFERRED_PORTS.postgres
  const server = await startPostgres({
    dir,
    password: secrets.databasePassword,
    throwAway: dataDir === null,
    preferredPort,
  })
  return { address: server.url, ended: tellEnd(server.child, dir), stop: server.stop }
}

export async function startEmbeddedRedis({
  dir,
  dataDir,
  secrets,
  log,
}: EmbeddedOptions): Promise<RunningPiece<string>> {
  const preferredPort = dataDir === null ? null : PREFERRED_PORTS.redis
  const server = await startRedis({
    dir,
    password: secrets.redisPassword,
    throwAway: dataDir === null,
    preferredPort,
    log,
  })
  return { address: server.url, ended: tellEnd(server.child, dir), stop: server.stop }
}

export async function startEmbeddedBucket({
  dir,
  dataDir,
  secrets,
}: EmbeddedOptions): Promise<RunningPiece<BucketAddress>> {
  const identity = {
    region: 'us-east-1',
    bucket: 'stories',
    accessKeyId: secrets.s3AccessKeyId,
    secretAccessKey: secrets.s3SecretAccessKey,
  }
  const server = await startOnFreePort(dataDir === null ? null : PREFERRED_PORTS.objects, async (port) =>
    startObjectStore({ ...identity, dir: join(dir, 'objects'), port }),
  )
  const address = { ...identity, endpoint: server.url, publicEndpoint: server.url, forcePathStyle: true }
  return { address, ended: null, stop: server.stop }
}

async function tellEnd(child: Child, dir: string): Promise<string> {
  return `${child.name} ended by itself with ${await child.exited}; its log is ${join(dir, `${child.name}.log`)}`
}
