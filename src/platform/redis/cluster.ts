import { Cluster, type Redis } from 'ioredis'
import type { RedisConnection } from './connection'
import { CONNECT_MS_MAX, checkWritable, RECONNECT_AFTER_MS, type RedisNode, redialIfOpen } from './nodes'

const SLOTS = 16_384

/**
 * A Redis Cluster behind the same face as one Redis. It is there when all of it is: a node that is away makes the whole
 * count as away, as any request may need its slots. Moved slots are followed; nothing else is ever sent twice.
 */
export function connectCluster(
  nodes: readonly RedisNode[],
  onTrouble: (cause: unknown) => void,
): RedisConnection {
  const { username, password, tls } = nodes[0] ?? {}
  const cluster = new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    {
      redisOptions: {
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(tls === undefined ? {} : { tls }),
        connectTimeout: CONNECT_MS_MAX,
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
        reconnectOnError: () => false,
      },
      // A pipeline that mixes reads and writes cannot follow a slot that moved, so each command goes by itself.
      enableAutoPipelining: false,
      enableOfflineQueue: false,
      clusterRetryStrategy: () => RECONNECT_AFTER_MS,
      clusterNodeRetryStrategy: () => RECONNECT_AFTER_MS,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      // Names stay names, as certificates are for them.
      dnsLookup: (host, callback) => callback(null, host),
    },
  )
  const check = async () => {
    try {
      if (cluster.status !== 'ready') throw new Error('the cluster is not connected')
      await Promise.all(cluster.nodes('master').map(checkNode))
    } catch (error) {
      // Another node may have taken the place of the one that is away.
      if (cluster.status === 'ready') cluster.refreshSlotsCache(() => undefined)
      throw error
    }
  }
  cluster.on('error', onTrouble)
  cluster.on('+node', (node: Redis) => {
    // A node that has left the cluster is no loss.
    node.on('close', () => {
      if (cluster.nodes('master').includes(node)) onTrouble(new Error('connection to a node closed'))
    })
  })
  return {
    commands: cluster,
    firstAttempt: new Promise<void>((resolve) => {
      cluster.once('ready', () => resolve())
      cluster.once('error', () => resolve())
      // Nodes connect at their first command and refuse others until they have: let that be the check's.
    }).then(() => check().catch(() => undefined)),
    check,
    reconnect: () => redialIfOpen(cluster),
    close: () => cluster.disconnect(),
  }
}

async function checkNode(node: Redis): Promise<void> {
  const [answer] = await Promise.all([node.cluster('INFO'), checkWritable(node)])
  const info = String(answer)
  const read = (name: string) => new RegExp(`^${name}:(\\w+)`, 'm').exec(info)?.[1]
  if (read('cluster_state') !== 'ok' || Number(read('cluster_slots_ok')) !== SLOTS)
    throw new Error('the cluster does not serve every key')
}
