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

export type RedisCluster = Readonly<{
  /** Of the nodes that the cluster began with. */
  url: string
  nodes: readonly ClusterNode[]
  /** Starts one more node, and resolves when it has all that the node with this place has. */
  addReplica(of: number): Promise<ClusterNode>
  stop(): Promise<void>
}>

const NODES = 3
const SLOTS = 16_384
const PASSWORD = 'cluster of tests / only'

/**
 * Starts the nodes, gives each a third of the slots, and resolves when all of them see all slots served.
 *
 * @param nodeTimeoutMs after how long a node that is silent counts as failed by the others
 */
export async function startRedisCluster({ nodeTimeoutMs = 15_000 } = {}): Promise<RedisCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'stories-cluster-'))
  const program = await findRedisProgram(() => undefined)
  const ports = await chooseFreePorts(2 * NODES)
  const nodes = await Promise.all(
    Array.from({ length: NODES }, (_, i) => {
      const [port = 0, busPort = 0] = ports.slice(2 * i)
      return startNode({ program, dir: join(dir, `${i}`), port, busPort, nodeTimeoutMs })
    }),
  )
  const replicas: Node[] = []
  const stop = async () => {
    const all = [...nodes, ...replicas]
    for (const node of all) node.resume()
    await Promise.all(all.map((node) => node.stop()))
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await introduce(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: nodes.map(({ url }) => url).join(','),
    nodes,
    async addReplica(of) {
      const master = nodes[of]
      if (master === undefined) throw new Error(`the cluster has no node ${of}`)
      const [port = 0, busPort = 0] = await chooseFreePorts(2)
      const replicaDir = join(dir, `replica-${replicas.length}`)
      const replica = await startNode({ program, dir: replicaDir, port, busPort, nodeTimeoutMs })
      replicas.push(replica)
      await follow(replica, master)
      return replica
    },
    stop,
  }
}

type Node = ClusterNode & Readonly<{ port: number; busPort: number }>

/** No two the same, which is all that looking for them one after the other does not promise. */
async function chooseFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await anyFreePort())
  return [...ports]
}

type NodeOptions = Readonly<{
  program: RedisProgram
  dir: string
  port: number
  busPort: number
  nodeTimeoutMs: number
}>

async function startNode({ program, dir, port, busPort, nodeTimeoutMs }: NodeOptions): Promise<Node> {
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
    `cluster-node-timeout ${nodeTimeoutMs}`,
    // A replica is never too old to take over: how old it is, is what a test chooses.
    'cluster-replica-validity-factor 0',
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

async function follow(replica: Node, master: Node): Promise<void> {
  const id = String(await ask(master.url, (redis) => redis.cluster('MYID')))
  await ask(replica.url, async (redis) => {
    await redis.cluster('MEET', '127.0.0.1', master.port, master.busPort)
    await until('the replica to know its master', () =>
      redis.cluster('REPLICATE', id).then(Boolean, () => false),
    )
    await until('the replica to have all', async () =>
      (await redis.info('replication')).includes('master_link_status:up'),
    )
  })
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
