import type { RedisGate } from './client'
import { createScript } from './script'

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

export type TokenBuckets = Readonly<{
  /** Takes one token, or says when there will be one; never throws. */
  take(key: string, rule: BucketRule): Promise<BucketState>
  /**
   * The same without waiting for Redis, where this process has lately seen that plenty is left and has nothing under way.
   * The token is taken all the same; should others have emptied the bucket meanwhile, one gets through here before that is
   * known, and is owed (docs/decisions/0087).
   */
  takeAhead(key: string, rule: BucketRule): BucketState | Promise<BucketState>
}>

/**
 * KEYS[1] bucket; ARGV limit, milliseconds for a full refill, 1 for a token that was granted already, which is taken even
 * where there is none. Returns { taken, thousandths of a token left }.
 */
const TAKE = createScript(`
local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or limit
local elapsed = math.max(0, now - (tonumber(bucket[2]) or now))
tokens = math.min(limit, tokens + elapsed * limit / window)
local taken = 0
if tokens >= 1 or ARGV[3] == '1' then
  tokens = tokens - 1
  taken = 1
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return { taken, math.floor(tokens * 1000) }
`)

/** Buckets that a process remembers. */
const REMEMBERED_MAX = 50_000
/** Of the limit: so much would have to be taken elsewhere before one more than the limit gets through. */
const PLENTY_SHARE = 3 / 4

type Seen = Readonly<{ tokens: number; atMs: number }>

const refilled = ({ tokens, atMs }: Seen, rule: BucketRule, nowMs: number): number =>
  Math.min(rule.limit, tokens + (Math.max(0, nowMs - atMs) * rule.limit) / (rule.perSeconds * 1000))

/** By key, bounded by forgetting what was set longest ago. */
function createMemory<Value>() {
  const values = new Map<string, Value>()
  return {
    get: (key: string) => values.get(key),
    set(key: string, value: Value) {
      values.delete(key)
      values.set(key, value)
      const oldest = values.size > REMEMBERED_MAX ? values.keys().next().value : undefined
      if (oldest !== undefined) values.delete(oldest)
    },
  }
}

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

type Taken = Readonly<{ allowed: boolean; tokens: number }>

/** The same bucket in this process. */
function createLocalBuckets(nowMs: () => number) {
  const buckets = createMemory<Seen>()
  return (key: string, rule: BucketRule): Taken => {
    const atMs = nowMs()
    const full = refilled(buckets.get(key) ?? { tokens: rule.limit, atMs }, rule, atMs)
    const allowed = full >= 1
    const tokens = allowed ? full - 1 : full
    buckets.set(key, { tokens, atMs })
    return { allowed, tokens }
  }
}

export function createTokenBuckets(redis: RedisGate, nowMs: () => number): TokenBuckets {
  const takeLocally = createLocalBuckets(nowMs)
  /** What the last answers said; `asked` have no answer yet. */
  const seen = createMemory<Seen & { asked: number }>()

  const takeOne = async (key: string, rule: BucketRule, isGranted = false): Promise<Taken> => {
    if (!redis.isUp()) return takeLocally(key, rule)
    try {
      const values = [rule.limit, rule.perSeconds * 1000, isGranted ? 1 : 0]
      const answer = await redis.run((connection) => TAKE(connection, [redis.key('bucket', key)], values))
      const [taken, thousandths] = answer as [number, number]
      return { allowed: taken === 1, tokens: thousandths / 1000 }
    } catch {
      return takeLocally(key, rule)
    }
  }
  const takeAndNote = async (key: string, rule: BucketRule, isGranted: boolean): Promise<BucketState> => {
    const { allowed, tokens } = await takeOne(key, rule, isGranted)
    seen.set(key, { tokens, atMs: nowMs(), asked: Math.max(0, (seen.get(key)?.asked ?? 0) - 1) })
    return describe(rule, allowed, tokens)
  }

  return {
    async take(key, rule) {
      const { allowed, tokens } = await takeOne(key, rule)
      return describe(rule, allowed, tokens)
    },
    takeAhead(key, rule) {
      const last = seen.get(key) ?? { tokens: 0, atMs: Number.NEGATIVE_INFINITY, asked: 0 }
      const isFresh = nowMs() - last.atMs < rule.perSeconds * 1000
      const left = isFresh ? refilled(last, rule, nowMs()) - 1 : 0
      const isGranted = last.asked === 0 && left >= rule.limit * PLENTY_SHARE
      seen.set(key, { ...last, asked: last.asked + 1 })
      const answer = takeAndNote(key, rule, isGranted)
      return isGranted ? describe(rule, true, left) : answer
    },
  }
}
