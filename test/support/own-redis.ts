import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RedisServer, startRedis } from '../../dev/redis.ts'

/** A Redis for one test file alone, which may be stopped, asked for its counts, and so on; gone when it ends. */
export async function startOwnRedis(): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'stories-redis-'))
  const server = await startRedis({
    dir,
    password: 'x',
    throwAway: true,
    preferredPort: null,
    log: () => undefined,
  })
  return {
    ...server,
    async stop() {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
