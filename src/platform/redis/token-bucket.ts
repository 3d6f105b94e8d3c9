import type { RedisGate } from './client'
import type { RedisCommands } from './connection'

/**
 * Token buckets: a burst of `limit`, refilled continuously over `perSeconds`. They live in Redis, shared by all
 * instances and timed by Redis' own clock; while Redis is away each process keeps its own.
 */

export type BucketRule = Readonly<{ limit: number; perSeconds: number }>

export type BucketState = Readonly<{
  allowed: boolean
  limit: number
  remaining: number
  /** Whole seconds until the bucket is full again. */
  resetSeconds: number
  /** Whole seconds until one more is allowed, at least 1; meant for a refusal. */
  retryAfterSeconds: number
}>

export type TokenBuckets = Readonly<{ take(key: string, rule: BucketRule): Promise<BucketState> }>

/** KEYS[1] bucket; ARGV limit, milliseconds for a full refill. Returns { taken, thousandths of a token left }. */
const TAKE = `
local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or limit
local elapsed = math.max(0, now - (tonumber(bucket[2]) or now))
tokens = math.min(limit, tokens + elapsed * limit / window)
local taken = 0
if tokens >= 1 then
  tokens = tokens - 1
  taken = 1
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], window + 1000)
return { taken, math.floor(tokens * 1000) }
`

const LOCAL_BUCKETS_MAX = 50_000

const describe = (rule: BucketRule, allowed: boolean, tokens: number): BucketState => {
  const secondsPerToken = rule.perSeconds / rule.limit
  return {
    allowed,
    limit: rule.limit,
    remaining: Math.max(0, Math.floor(tokens)),
    resetSeconds: Math.ceil((rule.limit - tokens) * secondsPerToken),
    retryAfterSeconds: Math.max(1, Math.ceil((1 - tokens) * secondsPerToken)),
  }
}

/** The same bucket in this process, bounded by forgetting the one that was used longest ago. */
function createLocalBuckets(nowMs: () => number) {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return (key: string, rule: BucketRule): BucketState => {
    const now = nowMs()
    const bucket = buckets.get(key) ?? { tokens: rule.limit, atMs: now }
    const refill = (Math.max(0, now - bucket.atMs) * rule.limit) / (rule.perSeconds * 1000)
    const full = Math.min(rule.limit, bucket.tokens + refill)
    const allowed = full >= 1
    const tokens = allowed ? full - 1 : full
    buckets.delete(key)
    buckets.set(key, { tokens, atMs: now })
    const oldest = buckets.size > LOCAL_BUCKETS_MAX ? buckets.keys().next().value : undefined
    if (oldest !== undefined) buckets.delete(oldest)
    return describe(rule, allowed, tokens)
  }
}

export function createTokenBuckets(redis: RedisGate, nowMs: () => number): TokenBuckets {
  const takeLocally = createLocalBuckets(nowMs)
  return {
    /** Takes one token, or says when there will be one; never throws. */
    async take(key, rule) {
      if (!redis.isUp()) return takeLocally(key, rule)
      try {
        const name = redis.key('bucket', key)
        const [taken, thousandths] = await redis.run((connection) => runScript(connection, TAKE, name, rule))
        return describe(rule, taken === 1, thousandths / 1000)
      } catch {
        return takeLocally(key, rule)
      }
    },
  }
}

const SHA = new Bun.CryptoHasher('sha1').update(TAKE).digest('hex')

async function runScript(
  connection: RedisCommands,
  script: string,
  key: string,
  rule: BucketRule,
): Promise<[number, number]> {
  const args = [key, rule.limit, rule.perSeconds * 1000] as const
  try {
    return (await connection.evalsha(SHA, 1, ...args)) as [number, number]
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return (await connection.eval(script, 1, ...args)) as [number, number]
  }
}
