/** The stack's pieces as containers, through testcontainers. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { GenericContainer, StartedTestContainer, WaitStrategy } from 'testcontainers'
import { IMAGES, listLabelValues, removeContainers } from './docker.ts'
import { isRunning } from './process-table.ts'
import type { BucketAddress, PieceOptions, RunningPiece } from './stack-types.ts'

const OWNER_LABEL = 'stories.owner-pid'
const START_MS = 90_000

/** Removes the containers of runs that were killed before they could stop theirs. */
export async function removeLeftOverContainers(): Promise<void> {
  for (const pid of await listLabelValues(OWNER_LABEL)) {
    if (!isRunning(Number(pid), 'bun')) await removeContainers(`${OWNER_LABEL}=${pid}`)
  }
}

/** PostgreSQL with a database `stories`; throw-away ones live in memory and do not sync. */
export async function startPostgresContainer({
  dataDir,
  secrets,
}: PieceOptions): Promise<RunningPiece<string>> {
  const { Wait } = await loadTestcontainers()
  const folder = '/var/lib/postgresql/data'
  const container = await prepare('postgres', dataDir, folder)
  container
    .withEnvironment({
      POSTGRES_PASSWORD: secrets.databasePassword,
      POSTGRES_DB: 'stories',
      POSTGRES_INITDB_ARGS: dataDir === null ? '--no-sync' : '',
    })
    .withCommand([
      'postgres',
      '-c',
      'max_connections=300',
      ...(dataDir === null ? ['-c', 'fsync=off', '-c', 'synchronous_commit=off'] : []),
    ])
    .withExposedPorts(5432)
    // The first start of a cluster says it twice: once for the set-up, once for good.
    .withHealthCheck({
      test: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'stories'],
      interval: 200,
      retries: 300,
    })
  const started = await start(container, Wait.forHealthCheck())
  const at = hostAndPort(started, 5432)
  return running(started, `postgres://postgres:${secrets.databasePassword}@${at}/stories`)
}

export async function startRedisContainer({ dataDir, secrets }: PieceOptions): Promise<RunningPiece<string>> {
  const { Wait } = await loadTestcontainers()
  const container = await prepare('redis', dataDir, '/data')
  container
    .withCommand([
      'redis-server',
      '--requirepass',
      secrets.redisPassword,
      ...(dataDir === null ? ['--save', ''] : ['--save', '60', '1']),
    ])
    .withExposedPorts(6379)
  const started = await start(container, Wait.forLogMessage(/Ready to accept connections/))
  return running(started, `redis://:${secrets.redisPassword}@${hostAndPort(started, 6379)}`)
}

/** MinIO with the bucket made. */
export async function startMinioContainer({
  dataDir,
  secrets,
}: PieceOptions): Promise<RunningPiece<BucketAddress>> {
  const { Wait } = await loadTestcontainers()
  const container = await prepare('minio', dataDir, '/data')
  container
    .withEnvironment({
      MINIO_ROOT_USER: secrets.s3AccessKeyId,
      MINIO_ROOT_PASSWORD: secrets.s3SecretAccessKey,
    })
    .withCommand(['server', '/data'])
    .withExposedPorts(9000)
  const started = await start(container, Wait.forHttp('/minio/health/live', 9000))
  const endpoint = `http://${hostAndPort(started, 9000)}`
  const address: BucketAddress = {
    endpoint,
    publicEndpoint: endpoint,
    region: 'us-east-1',
    bucket: 'stories',
    accessKeyId: secrets.s3AccessKeyId,
    secretAccessKey: secrets.s3SecretAccessKey,
    forcePathStyle: true,
  }
  await createBucket(address)
  return running(started, address)
}

async function loadTestcontainers() {
  // Its reaper keeps Bun from exiting; what a killed run leaves is removed by label instead.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  // In what looks like a container it asks for ports at the gateway; where the engine's bridge is, they are published here.
  if (existsSync('/sys/class/net/docker0')) process.env.TESTCONTAINERS_HOST_OVERRIDE ??= '127.0.0.1'
  return import('testcontainers')
}

async function prepare(
  piece: keyof typeof IMAGES,
  dataDir: string | null,
  folder: string,
): Promise<GenericContainer> {
  const { GenericContainer } = await loadTestcontainers()
  const container = new GenericContainer(IMAGES[piece]).withLabels({ [OWNER_LABEL]: String(process.pid) })
  // A named volume, as a bind mount would leave files of foreign users in the project.
  return dataDir === null
    ? container.withTmpFs({ [folder]: 'rw' })
    : container.withBindMounts([{ source: volumeName(dataDir, piece), target: folder }])
}

/** The Docker volume that keeps a piece's data for this data folder; `make clean` removes them by this name. */
export function volumeName(dataDir: string, piece: keyof typeof IMAGES): string {
  return `stories-${createHash('sha256').update(dataDir).digest('hex').slice(0, 10)}-${piece}`
}

function start(container: GenericContainer, strategy: WaitStrategy): Promise<StartedTestContainer> {
  return container.withWaitStrategy(strategy).withStartupTimeout(START_MS).start()
}

/** Docker publishes on IPv4; `localhost` may mean IPv6 first. */
function hostAndPort(started: StartedTestContainer, port: number): string {
  const host = started.getHost()
  return `${host === 'localhost' ? '127.0.0.1' : host}:${started.getMappedPort(port)}`
}

function running<T>(started: StartedTestContainer, address: T): RunningPiece<T> {
  return {
    address,
    ended: null,
    async stop() {
      await started.stop({ timeout: 10_000, remove: true, removeVolumes: false })
    },
  }
}

/** Makes the bucket unless it is there. */
export async function createBucket({
  endpoint,
  region,
  bucket,
  forcePathStyle,
  accessKeyId,
  secretAccessKey,
}: BucketAddress) {
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle,
    credentials: { accessKeyId, secretAccessKey },
  })
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
  } catch (error) {
    if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error
  } finally {
    client.destroy()
  }
}
