/** PostgreSQL, Redis and a bucket as real servers that can be stopped, paused and started again on their ports. */

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { Child } from '../../../dev/children.ts'
import { startObjectStore } from '../../../dev/object-store.ts'
import { startOnFreePort } from '../../../dev/ports.ts'
import { startPostgres } from '../../../dev/postgres.ts'
import { startRedis } from '../../../dev/redis.ts'
import { makeSecrets } from '../../../dev/secrets.ts'
import { type StackAddresses, stackEnv } from '../../../dev/stack-types.ts'
import { migrateDatabase } from '../../../src/platform/database/migrate.ts'
import { type Door, openDoor } from './door.ts'

export type Server = Readonly<{
  stop(): Promise<void>
  start(): Promise<void>
  /** SIGSTOP to the server and everything it started: connections are accepted and never answered. */
  pause(): void
  resume(): void
}>

export type Stores = Readonly<{
  dir: string
  databaseUrl: string
  env: Record<string, string>
  /** For looking at the truth; not through the door. */
  sql: postgres.Sql
  postgres: Server
  redis: Server & Readonly<{ url: string; door: Door }>
  objects: Pick<Server, 'stop' | 'start'> & Readonly<{ door: Door }>
  stop(): Promise<void>
}>

/** Brings all three up, migrated; Redis and the bucket are reached through doors that can be made slow. */
export async function startStores(): Promise<Stores> {
  const dir = mkdtempSync(join(tmpdir(), 'stories-faults-'))
  chmodSync(dir, 0o711)
  const secrets = makeSecrets()
  const log = () => undefined
  const database = await keep((port) =>
    startPostgres({ dir, password: secrets.databasePassword, throwAway: true, preferredPort: port }),
  )
  const cache = await keep((port) =>
    startRedis({ dir, password: secrets.redisPassword, throwAway: true, preferredPort: port, log }),
  )
  const identity = {
    region: 'us-east-1',
    bucket: 'stories',
    accessKeyId: secrets.s3AccessKeyId,
    secretAccessKey: secrets.s3SecretAccessKey,
  }
  const openBucket = (port: number | null) =>
    startOnFreePort(port, async (free) =>
      startObjectStore({ ...identity, dir: join(dir, 'objects'), port: free }),
    )
  let bucket: { url: string; stop(): Promise<void> } = await openBucket(null)
  const bucketPort = Number(new URL(bucket.url).port)

  const redisDoor = await openDoor(Number(new URL(cache.url).port))
  const bucketDoor = await openDoor(bucketPort)
  const redisUrl = new URL(cache.url)
  redisUrl.port = String(redisDoor.port)
  const endpoint = `http://127.0.0.1:${bucketDoor.port}`
  const addresses: StackAddresses = {
    kind: 'embedded',
    databaseUrl: database.url,
    redisUrl: redisUrl.href,
    s3: { ...identity, endpoint, publicEndpoint: endpoint, forcePathStyle: true },
  }
  await migrateDatabase(database.url)
  const sql = postgres(database.url, {
    max: 2,
    onnotice: () => undefined,
    backoff: () => 0.2,
    connect_timeout: 5,
  })
  return {
    dir,
    databaseUrl: database.url,
    env: stackEnv(addresses),
    sql,
    postgres: database.server,
    redis: { ...cache.server, url: cache.url, door: redisDoor },
    objects: {
      door: bucketDoor,
      stop: () => bucket.stop(),
      async start() {
        bucket = await openBucket(bucketPort)
      },
    },
    async stop() {
      await sql.end({ timeout: 1 })
      redisDoor.close()
      bucketDoor.close()
      database.server.resume()
      cache.server.resume()
      await Promise.all([database.server.stop(), cache.server.stop(), bucket.stop()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

type Running = Readonly<{ url: string; child: Child; stop(): Promise<void> }>

/** A server that comes back on the port it had, with the data it had. */
async function keep(
  start: (port: number | null) => Promise<Running>,
): Promise<{ url: string; server: Server }> {
  let running = await start(null)
  const { url } = running
  const port = Number(new URL(url).port)
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    for (const pid of familyOf(running.child.pid)) {
      try {
        process.kill(pid, name)
      } catch {
        // A backend that ended in between.
      }
    }
  }
  return {
    url,
    server: {
      stop: () => running.stop(),
      async start() {
        running = await start(port)
        if (running.url !== url) throw new Error(`port ${port} was taken by somebody else meanwhile`)
      },
      pause: () => signal('SIGSTOP'),
      resume: () => signal('SIGCONT'),
    },
  }
}

/** A process and all that descend from it. */
function familyOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended in between.
    }
  }
  const family = [pid]
  for (const member of family)
    for (const [child, parent] of parents) if (parent === member) family.push(child)
  return family.filter((member) => parents.has(member))
}
