import type { RedisGate } from '../../platform/redis/client'
import type { EventBus } from '../../platform/redis/event-bus'

/**
 * How many streams a user may hold, over all instances: a new one beyond that ends the oldest. Without Redis each
 * process counts its own.
 */
export type StreamSlots = Readonly<{
  /** Takes a slot for a new stream; `end` is called when a newer one needs it. Never throws. */
  take(userId: string, streamId: string, end: () => void): Promise<void>
  release(userId: string, streamId: string): void
}>

type Options = Readonly<{
  redis: RedisGate
  bus: EventBus
  nowMs: () => number
  streamsMax: number
  /** No stream outlives its token, so an older slot was left behind by a process that was killed. */
  streamAgeMsMax: number
}>

/** KEYS[1] slots; ARGV now, stream id, max, oldest start that can be alive. Returns the ids that have to end. */
const TAKE = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[4])
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], 86400000)
local excess = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[3])
if excess <= 0 then return {} end
local popped = redis.call('ZPOPMIN', KEYS[1], excess)
local ids = {}
for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
return ids
`

export function createStreamSlots({ redis, bus, nowMs, streamsMax, streamAgeMsMax }: Options): StreamSlots {
  const own = new Map<string, Map<string, () => void>>()
  const key = (userId: string) => redis.key('streams', userId)
  const endHere = (userId: string, streamId: string) => own.get(userId)?.get(streamId)?.()
  let listening = false
  return {
    async take(userId, streamId, end) {
      if (!listening) bus.onEndStreams(endHere)
      listening = true
      const streams = own.get(userId) ?? new Map<string, () => void>()
      own.set(userId, streams.set(streamId, end))
      for (const oldest of [...streams.keys()].slice(0, Math.max(0, streams.size - streamsMax)))
        endHere(userId, oldest)
      try {
        const ids = await redis.run(
          (connection) =>
            connection.eval(
              TAKE,
              1,
              key(userId),
              nowMs(),
              streamId,
              streamsMax,
              nowMs() - streamAgeMsMax,
            ) as Promise<string[]>,
        )
        for (const id of ids) await bus.endStream(userId, id)
      } catch {
        // Each process has counted its own above.
      }
    },
    release(userId, streamId) {
      const streams = own.get(userId)
      streams?.delete(streamId)
      if (streams?.size === 0) own.delete(userId)
      redis.run((connection) => connection.zrem(key(userId), streamId)).catch(() => undefined)
    },
  }
}
