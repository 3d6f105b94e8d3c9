/** The stores that have to keep the storage contract on this machine. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../../../dev/children.ts'
import { createBucket, startMinioContainer } from '../../../dev/containers.ts'
import { dockerAnswers, hasImages } from '../../../dev/docker.ts'
import { startObjectStore } from '../../../dev/object-store.ts'
import { startOnFreePort } from '../../../dev/ports.ts'
import { makeSecrets, type Secrets } from '../../../dev/secrets.ts'
import type { BucketAddress } from '../../../dev/stack-types.ts'
import { waitFor } from '../../../dev/wait-for.ts'

export type StoreUnderTest = Readonly<{ address: BucketAddress; stop(): Promise<void> }>
export type Candidate = Readonly<{ name: string; start(): Promise<StoreUnderTest> }>

/** The stand-in always; MinIO from its binary or its image, where there is one. */
export async function findStores(): Promise<Candidate[]> {
  const minio = Bun.which('minio')
  const candidates: Candidate[] = [{ name: 'the stand-in', start: startStandIn }]
  if (minio) candidates.push({ name: 'MinIO (binary)', start: () => startMinioBinary(minio) })
  else if ((await dockerAnswers()) && (await hasImages(['minio']))) {
    candidates.push({ name: 'MinIO (container)', start: startContainer })
  }
  return candidates
}

async function startStandIn(): Promise<StoreUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), 'stories-objects-'))
  const identity = describeBucket(makeSecrets(), '')
  const server = startObjectStore({ ...identity, dir, port: 0 })
  return {
    address: { ...identity, endpoint: server.url, publicEndpoint: server.url },
    async stop() {
      await server.stop()
      rmSync(dir, { recursive: true })
    },
  }
}

async function startContainer(): Promise<StoreUnderTest> {
  return startMinioContainer({ dataDir: null, secrets: makeSecrets() })
}

async function startMinioBinary(program: string): Promise<StoreUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), 'stories-minio-'))
  const secrets = makeSecrets()
  const env = {
    ...process.env,
    MINIO_ROOT_USER: secrets.s3AccessKeyId,
    MINIO_ROOT_PASSWORD: secrets.s3SecretAccessKey,
  }
  return startOnFreePort(null, async (port) => {
    const command = [program, 'server', dir, '--quiet', '--address', `127.0.0.1:${port}`]
    const child = startChild({ name: 'minio', command, env, output: 'ignore' })
    const address = describeBucket(secrets, `http://127.0.0.1:${port}`)
    const isLive = async () => ((await fetch(`${address.endpoint}/minio/health/live`)).ok ? true : null)
    await waitFor(isLive, { what: 'MinIO', timeoutMs: 30_000 })
    await createBucket(address)
    return {
      address,
      async stop() {
        await child.stop()
        rmSync(dir, { recursive: true })
      },
    }
  })
}

function describeBucket({ s3AccessKeyId, s3SecretAccessKey }: Secrets, endpoint: string): BucketAddress {
  return {
    endpoint,
    publicEndpoint: endpoint,
    region: 'us-east-1',
    bucket: 'stories',
    accessKeyId: s3AccessKeyId,
    secretAccessKey: s3SecretAccessKey,
    forcePathStyle: true,
  }
}
