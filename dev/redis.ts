/** A Redis of our own: a free port on the loopback, a password, data in a folder or nowhere. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './children.ts'
import { startOnFreePort } from './ports.ts'
import { findRedisProgram } from './redis-binaries.ts'
import { waitFor } from './wait-for.ts'

export type RedisOptions = Readonly<{
  /** Snapshots go to `<dir>/redis`, the log to `<dir>/redis.log`. */
  dir: string
  password: string
  /** Nothing is written to disk. */
  throwAway: boolean
  preferredPort: number | null
  log: (line: string) => void
}>

export type RedisServer = Readonly<{ url: string; child: Child; stop(): Promise<void> }>

/**
 * Starts redis-server (or valkey-server) and waits until it answers.
 *
 * @throws when there is no such program and none can be fetched, or it does not come up
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const program = await findRedisProgram(options.log)
  const dataDir = join(options.dir, 'redis')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  return startOnFreePort(options.preferredPort, async (port) => {
    const child = startChild({
      name: 'redis',
      command: [program.path, '-'],
      cwd: dataDir,
      env: { ...process.env, ...(program.libraryPath ? { LD_LIBRARY_PATH: program.libraryPath } : {}) },
      // The configuration comes on stdin, so that the password is in no process list.
      stdin: configure(port, dataDir, options),
      output: { file: join(options.dir, 'redis.log') },
    })
    try {
      await waitFor(() => ping(port, options.password), {
        what: 'Redis',
        timeoutMs: 20_000,
        gaveUp: () =>
          child.hasExited() ? `it ended while starting (${join(options.dir, 'redis.log')})` : null,
      })
    } catch (error) {
      await child.stop()
      throw error
    }
    const stop = async () => {
      await child.stop('SIGTERM')
    }
    return { url: `redis://:${options.password}@127.0.0.1:${port}`, child, stop }
  })
}

function configure(port: number, dataDir: string, { password, throwAway }: RedisOptions): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${dataDir}"`,
    'appendonly no',
  ]
  // With save points set, Redis also saves when it is told to end.
  const persistence = throwAway ? ['save ""'] : ['save 60 1']
  return [...lines, ...persistence, 'daemonize no', ''].join('\n')
}

/** Redis understands plain lines, so readiness needs no client. */
function ping(port: number, password: string): Promise<true | null> {
  return new Promise((resolve, reject) => {
    let answer = ''
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => void socket.write(`AUTH ${password}\r\nPING\r\n`),
        data: (socket, bytes) => {
          answer += bytes.toString()
          if (answer.split('\r\n').length > 2) {
            resolve(answer.includes('+PONG') ? true : null)
            socket.end()
          }
        },
        close: () => resolve(null),
        error: (_socket, error) => reject(error),
        connectError: (_socket, error) => reject(error),
      },
    }).catch(reject)
  })
}
