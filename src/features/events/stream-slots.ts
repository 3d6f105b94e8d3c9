import type { RedisGate } from '../../platform/redis/client'
import type { EventBus } from '../../platform/redis/event-bus'
import { createScript } from '../../platform/redis/script'
import type { Subscriber } from './subscriber'

/**
 * How many streams a user may hold, over all instances: a new one beyond that ends the oldest. Without Redis each
 * process counts its own.
 */
export type StreamSlots = Readonly<{
  /** Takes a slot for a new stream; the stream is closed as `replaced` when a newer one needs it. Never throws. */
  take(stream: Slotted): Promise<void>
  release(stream: Slotted): void
}>

type Slotted = Pick<Subscriber, 'id' | 'userId' | 'close'>

type Options = Readonly<{
  redis: RedisGate
  bus: EventBus
  /** The user's streams in this process, the oldest first. */
  streamsOf: (userId: string) => readonly Slotted[]
  nowMs: () => number
  streamsMax: number
  /** No stream outlives its token, so an older slot was left behind by a process that was killed. */
  streamAgeMsMax: number
}>

/**
 * A stream is newer than all that are there, whatever the clock of its process says: one that was set back would
 * otherwise end its own newest stream. KEYS[1] slots; ARGV now, stream id, max, oldest start that can be alive. Returns the
 * ids that have to end.
 */
const TAKE = createScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[4])
local newest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
redis.call('ZADD', KEYS[1], math.max(tonumber(ARGV[1]), tonumber(newest or 0) + 1), ARGV[2])
redis.call('PEXPIRE', KEYS[1], 86400000)
local excess = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[3])
if excess <= 0 then return {} end
local popped = redis.call('ZPOPMIN', KEYS[1], excess)
local ids = {}
for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
return ids
`)

export function createStreamSlots(options: Options): StreamSlots {
  const { redis, bus, streamsOf, nowMs, streamsMax, streamAgeMsMax } = options
  const key = (userId: string) => redis.key('streams', userId)
  const endHere = (userId: string, streamId: string) =>
    streamsOf(userId)
      .find(({ id }) => id === streamId)
      ?.close('replaced')
  let listening = false
  return {
    async take({ userId, id: streamId }) {
      if (!listening) bus.onEndStreams(endHere)
      listening = true
      const own = streamsOf(userId)
      for (const oldest of own.slice(0, Math.max(0, own.length - streamsMax))) oldest.close('replaced')
      try {
        const values = [nowMs(), streamId, streamsMax, nowMs() - streamAgeMsMax]
        const ids = await redis.run((connection) => TAKE(connection, [key(userId)], values))
        for (const id of ids as string[]) await bus.endStream(userId, id)
      } catch {
        // Each process has counted its own above.
      }
    },
    release({ userId, id: streamId }) {
      redis.run((connection) => connection.zrem(key(userId), streamId)).catch(() => undefined)
    },
  }
}
