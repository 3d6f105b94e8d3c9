import type { BucketRule, TokenBuckets } from '../../../src/platform/redis/token-bucket'

type IsEmpty = (key: string, rule: BucketRule) => boolean

export type FakeBuckets = TokenBuckets & {
  /** Every take: which bucket, by which rule. */
  taken: { key: string; rule: BucketRule }[]
  /** From now on buckets whose name begins like this, or of which that is true when they are asked, are empty. */
  empty(which: string | IsEmpty): void
}

/** Full buckets that never run dry, unless the test empties them. */
export function fakeBuckets(): FakeBuckets {
  const emptied: IsEmpty[] = []
  const taken: FakeBuckets['taken'] = []
  const takeAhead: TokenBuckets['takeAhead'] = (key, rule) => {
    taken.push({ key, rule })
    const allowed = !emptied.some((isEmpty) => isEmpty(key, rule))
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
    empty: (which) => void emptied.push(typeof which === 'string' ? (key) => key.startsWith(which) : which),
    take: async (key, rule) => takeAhead(key, rule),
    takeAhead,
  }
}
