import { Cluster, Redis } from 'ioredis'
import { parseNodes } from '../../src/platform/redis/nodes'

/** A look into the Redis of the tests, be it one server or a Cluster. */
export type TestRedis = Readonly<{
  /** For commands on one key. */
  commands: Redis
  /** The names of all keys that start so, from all nodes. */
  keys(prefix: string): Promise<string[]>
  drop(keys: readonly string[]): Promise<void>
  /** How many connections listen to the channel, over all nodes. */
  listeners(channel: string): Promise<number>
  close(): void
}>

export function openRedis(url: string): TestRedis {
  const [first, ...others] = parseNodes(url)
  const { username, password } = first ?? {}
  const redisOptions = { ...(username ? { username } : {}), ...(password ? { password } : {}) }
  const isCluster = first !== undefined && others.length > 0
  const cluster = isCluster ? new Cluster([first, ...others], { redisOptions }) : null
  // Both know the same commands.
  const commands = (cluster ?? new Redis(url)) as Redis
  const nodes = () => cluster?.nodes('master') ?? [commands]
  // A cluster knows its nodes once it has answered.
  const atEach = async <T>(work: (node: Redis) => Promise<T>): Promise<T[]> => {
    await commands.ping()
    return Promise.all(nodes().map(work))
  }
  return {
    commands,
    keys: async (prefix) => (await atEach((node) => node.keys(`${prefix}*`))).flat(),
    async drop(keys) {
      await Promise.all(keys.map((key) => commands.unlink(key)))
    },
    async listeners(channel) {
      const counts = await atEach((node) => node.pubsub('NUMSUB', channel))
      return counts.reduce<number>((total, answer) => total + Number((answer as unknown[])[1]), 0)
    },
    close: () => commands.disconnect(),
  }
}
