import type { FriendsRule } from '../../config'
import type { Metrics } from '../../platform/metrics'
import type { RedisGate } from '../../platform/redis/client'
import type { PageVersions } from '../feed/page-versions'
import { FOLLOWS_MAX } from './rules'
import type { GraphStore } from './store'

/**
 * Whose friends-only stories a viewer may see: followees, or under the mutual rule those who follow back. Kept as a set
 * in Redis, one for each viewer, that carries the version of the viewer's follows, so that it counts no more at once after
 * a follow or unfollow.
 */
export type Friends = Readonly<{
  /** Which of these authors are the viewer's friends; the database is asked without Redis, and where the set is too large. */
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
/** Before the version, in each set: also somebody without friends has one. */
const ALL_OF = '-'
/** Likewise, and all that is kept of somebody who follows more than one may, whom plain SQL can make: the database is asked author by author. */
const TOO_MANY_OF = '+'

export function createFriends({ redis, versions, graph, metrics, rule }: Options): Friends {
  const count = (result: 'hit' | 'miss' | 'error') =>
    metrics.cacheRequests.inc({ cache: 'followees', result })

  /** Null where Redis cannot tell: the database is to be asked about these authors. */
  const askRedis = async (viewerId: string, authorIds: readonly string[]): Promise<Set<string> | null> => {
    const version = await versions.ensureGraph(viewerId)
    if (version === null) return null
    const key = redis.key('friends', viewerId)
    const [all, tooMany] = [ALL_OF + version, TOO_MANY_OF + version]
    const [known, areTooMany, ...isFriend] = await redis.run((connection) =>
      connection.smismember(key, all, tooMany, ...authorIds),
    )
    if (known === 1) {
      count('hit')
      return new Set(authorIds.filter((_, i) => isFriend[i] === 1))
    }
    count('miss')
    if (areTooMany === 1) return null
    const load = rule === 'mutual' ? graph.mutualIds : graph.followeeIds
    const ids = await load(viewerId, FOLLOWS_MAX)
    const members = ids === null ? [tooMany] : [all, ...ids]
    await redis.run((connection) =>
      connection
        .multi()
        .del(key)
        .sadd(key, ...members)
        .expire(key, TTL_SECONDS)
        .exec(),
    )
    if (ids === null) return null
    const friends = new Set(ids)
    return new Set(authorIds.filter((id) => friends.has(id)))
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
