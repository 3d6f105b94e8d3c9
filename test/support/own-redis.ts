import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../dev/redis.ts'

const newDir = () => mkdtempSync(join(tmpdir(), 'stories-redis-'))
const start = (dir: string, throwAway: boolean, preferredPort: number | null) =>
  startRedis({ dir, password: 'x', throwAway, preferredPort, log: () => undefined })

/** A Redis for one test file alone, which may be stopped, asked for its counts, and so on; gone when it ends. */
export async function startOwnRedis(): Promise<RedisServer> {
  const dir = newDir()
  const server = await start(dir, true, null)
  return {
    ...server,
    async stop() {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

export type SavingRedis = Readonly<{
  url: string
  save(): Promise<void>
  /** Ends it at once, so that it comes back with what was saved last. */
  kill(): void
  comeBack(): Promise<void>
  stop(): Promise<void>
}>

/** A Redis that comes back with less than it had, as one does that lost its last seconds. */
export async function startSavingRedis(): Promise<SavingRedis> {
  const dir = newDir()
  let server = await start(dir, false, null)
  const { url } = server
  return {
    url,
    async save() {
      const redis = new Redis(url)
      await redis.save()
      redis.disconnect()
    },
    kill: () => process.kill(server.child.pid, 'SIGKILL'),
    async comeBack() {
      server = await start(dir, false, Number(new URL(url).port))
      if (server.url !== url) throw new Error('another address was taken')
    },
    async stop() {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
