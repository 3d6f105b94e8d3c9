/** A Redis Cluster of three real nodes on free ports of the loopback. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { type Child, startChild } from '../../dev/children.ts'
import { anyFreePort } from '../../dev/ports.ts'
import { findRedisProgram, type RedisProgram } from '../../dev/redis-binaries.ts'
import { until } from './until'

export type ClusterNode = Readonly<{
  url: string
  /** Ends the process; what it knows of the cluster stays on disk. */
  stop(): Promise<void>
  start(): Promise<void>
  /** SIGSTOP: it accepts connections and answers nothing. */
  pause(): void
  resume(): void
}>

export type RedisCluster = Readonly<{ url: string; nodes: readonly ClusterNode[]; stop(): Promise<void> }>

const NODES = 3
const SLOTS = 16_384
const PASSWORD = 'cluster of tests / only'

/** Starts the nodes, gives each a third of the slots, and resolves when all of them see all slots served. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'stories-cluster-'))
  const program = await findRedisProgram(() => undefined)
  const ports = await chooseFreePorts(2 * NODES)
  const nodes = await Promise.all(
    Array.from({ length: NODES }, (_, i) => {
      const [port = 0, busPort = 0] = ports.slice(2 * i)
      return startNode(program, join(dir, `${i}`), port, busPort)
    }),
  )
  const stop = async () => {
    for (const node of nodes) node.resume()
    await Promise.all(nodes.map((node) => node.stop()))
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await introduce(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: nodes.map(({ url }) => url).join(','), nodes, stop }
}

type Node = ClusterNode & Readonly<{ port: number; busPort: number }>

/** No two the same, which is all that looking for them one after the other does not promise. */
async function chooseFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await anyFreePort())
  return [...ports]
}

async function startNode(program: RedisProgram, dir: string, port: number, busPort: number): Promise<Node> {
  mkdirSync(dir)
  const url = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`
  const settings = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${dir}"`,
    `requirepass "${PASSWORD}"`,
    `masterauth "${PASSWORD}"`,
    'save ""',
    'appendonly no',
    'cluster-enabled yes',
    `cluster-port ${busPort}`,
    'cluster-config-file nodes.conf',
    '',
  ].join('\n')
  let child: Child
  const start = async () => {
    child = startChild({
      name: 'redis',
      command: [program.path, '-'],
      cwd: dir,
      env: { ...process.env, ...(program.libraryPath ? { LD_LIBRARY_PATH: program.libraryPath } : {}) },
      stdin: settings,
      output: { file: join(dir, 'redis.log') },
    })
    await ask(url, async (redis) => {
      await until('the node to answer', () => redis.ping().then(Boolean, () => false))
    })
  }
  await start()
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    if (!child.hasExited()) process.kill(child.pid, name)
  }
  return {
    url,
    port,
    busPort,
    start,
    stop: () => child.stop().then(() => undefined),
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  }
}

async function introduce(nodes: readonly Node[]): Promise<void> {
  for (const [i, { url }] of nodes.entries())
    await ask(url, async (redis) => {
      const [from, to] = [Math.ceil((i * SLOTS) / NODES), Math.ceil(((i + 1) * SLOTS) / NODES) - 1]
      await redis.cluster('ADDSLOTSRANGE', from, to)
      // Distinct from the start, so that no two have to settle who is the younger.
      await redis.cluster('SET-CONFIG-EPOCH', i + 1)
      for (const other of nodes.slice(0, i))
        await redis.cluster('MEET', '127.0.0.1', other.port, other.busPort)
    })
  for (const { url } of nodes)
    await ask(url, (redis) =>
      until('the cluster to serve all slots', async () => {
        const info = await redis.cluster('INFO')
        return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`)
      }),
    )
}

/** Lets `work` talk to one node, over a connection of its own. */
export async function ask<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: () => 50 })
  redis.on('error', () => undefined)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}
