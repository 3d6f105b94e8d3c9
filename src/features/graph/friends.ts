import type { FriendsRule } from '../../config'
import type { Metrics } from '../../platform/metrics'
import type { RedisGate } from '../../platform/redis/client'
import type { PageVersions } from '../feed/page-versions'
import type { GraphStore } from './store'

/**
 * Whose friends-only stories a viewer may see: followees, or under the mutual rule those who follow back. Kept as a set
 * in Redis whose name carries the version of the viewer's follows, so that a follow or unfollow leaves it behind at once.
 */
export type Friends = Readonly<{
  /** Which of these authors are the viewer's friends; without Redis the database is asked. */
  among(viewerId: string, authorIds: readonly string[]): Promise<Set<string>>
}>

type Options = Readonly<{
  redis: RedisGate
  versions: PageVersions
  graph: Pick<GraphStore, 'followeeIds' | 'mutualIds' | 'friendsAmong'>
  metrics: Pick<Metrics, 'cacheRequests'>
  rule: FriendsRule
}>

const TTL_SECONDS = 300
/** Larger sets are asked of the database, a few authors at a time. */
const CACHED_MAX = 20_000
/** Always in the set, so that somebody without friends has one too. */
const SENTINEL = '-'

export function createFriends({ redis, versions, graph, metrics, rule }: Options): Friends {
  const count = (result: 'hit' | 'miss' | 'error') =>
    metrics.cacheRequests.inc({ cache: 'followees', result })

  const askRedis = async (viewerId: string, authorIds: readonly string[]): Promise<Set<string> | null> => {
    const version = await versions.ensureGraph(viewerId)
    if (!versions.canServe(Number.POSITIVE_INFINITY)) return null
    const key = redis.key('friends', viewerId, version)
    const [known, ...isFriend] = await redis.run((connection) =>
      connection.smismember(key, SENTINEL, ...authorIds),
    )
    if (known === 1) {
      count('hit')
      return new Set(authorIds.filter((_, i) => isFriend[i] === 1))
    }
    count('miss')
    const ids = rule === 'mutual' ? await graph.mutualIds(viewerId) : await graph.followeeIds(viewerId)
    if (ids.length <= CACHED_MAX) {
      await redis.run((connection) =>
        connection
          .multi()
          .sadd(key, SENTINEL, ...ids)
          .expire(key, TTL_SECONDS)
          .exec(),
      )
    }
    const all = new Set(ids)
    return new Set(authorIds.filter((id) => all.has(id)))
  }

  return {
    async among(viewerId, authorIds) {
      if (authorIds.length === 0) return new Set()
      const asked = await askRedis(viewerId, authorIds).catch(() => {
        count('error')
        return null
      })
      return asked ?? graph.friendsAmong(viewerId, authorIds, rule)
    },
  }
}
