import type { BucketRule, TokenBuckets } from '../../../src/platform/redis/token-bucket'

export type FakeBuckets = TokenBuckets & {
  /** Every take: which bucket, by which rule. */
  taken: { key: string; rule: BucketRule }[]
  /** From now on buckets whose name begins like this are empty. */
  empty(keyPrefix: string): void
}

/** Full buckets that never run dry, unless the test empties them. */
export function fakeBuckets(): FakeBuckets {
  const emptied: string[] = []
  const taken: FakeBuckets['taken'] = []
  const takeAhead: TokenBuckets['takeAhead'] = (key, rule) => {
    taken.push({ key, rule })
    const allowed = !emptied.some((prefix) => key.startsWith(prefix))
    return {
      allowed,
      limit: rule.limit,
      remaining: allowed ? rule.limit - 1 : 0,
      resetSeconds: allowed ? 1 : rule.perSeconds,
      retryAfterSeconds: 3,
    }
  }
  return {
    taken,
    empty: (keyPrefix) => void emptied.push(keyPrefix),
    take: async (key, rule) => takeAhead(key, rule),
    takeAhead,
  }
}
