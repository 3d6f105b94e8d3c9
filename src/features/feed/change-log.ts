import { Cluster } from 'ioredis'
import { monotonicMs } from '../../kernel/clock'
import { newSecret } from '../../kernel/ids'
import type { RedisGate } from '../../platform/redis/client'
import type { RedisCommands } from '../../platform/redis/connection'
import { createScript, type RedisScript } from '../../platform/redis/script'

/**
 * Which viewers' pages have changed, in order. A process that has just read the log to its end knows that all other pages
 * are as they were, and for some milliseconds need not ask. That is a lease (Gray and Cheriton, 1989): whoever changes
 * something waits until no process can rely on what it read before, so that a change that was answered is seen by every
 * request that comes after the answer.
 */
export type ChangeLog = Readonly<{
  /**
   * Makes a change and tells of it. It counts in this process from then on, in all others when their leases end.
   *
   * @param whose pages change, by their viewers' ids, or that all do
   * @param run a way past the breaker, for what is owed or for what nobody waits for
   * @returns milliseconds of the longest lease, for `outlast`; of the own one when Redis' answer is not waited for
   * @throws RedisDown
   */
  make(whose: Whose, change: Change, run?: RedisGate['run']): Promise<number>
  /** Resolves when no process can rely any more on what it read before a change, which came with that lease. */
  outlast(leaseMs: number): Promise<unknown>
  /** How far this process has read. Taken before something is asked of Redis, it says when the answer was true. */
  position(): number
  /** Whether the viewer's pages are as they were at that position; false, too, when the log was not read just now. */
  isUnchanged(viewerId: string, position: number): boolean
  /** Reads on if a third of the lease is over; nobody waits for it. */
  follow(): void
}>

type Whose = readonly string[] | 'all'
type Values = readonly (string | number)[]

/** One script for the change and the word of it, and, for a cluster, one for the change of an item alone. */
export type ChangeScript = Readonly<{ told: RedisScript; alone: RedisScript }>

/** A change to what lies in Redis; keys of different items may lie on different nodes of a cluster. */
export type Change = Readonly<{
  script: ChangeScript
  /** Come before those of the items. */
  values: Values
  items: readonly Readonly<{ keys: readonly string[]; values: Values }>[]
}>

type Timing = Readonly<{ nowMs(): number; rest(ms: number): Promise<unknown> }>

type Options = Readonly<{
  redis: RedisGate
  /** How long what was read may be relied on; 0 for never. */
  leaseMs: number
  timing?: Timing
}>

const SYSTEM: Timing = { nowMs: monotonicMs, rest: Bun.sleep }

const KEPT_SECONDS = 3600
/** Whoever changes something waits while this was set lately; far longer than a lease, should Redis' clock be moved. */
const LEASES_KEPT_MS = 5000
/** Timers count from the loop's own moment, which is a little earlier. */
const TIMER_MS = 1
const HEAD_LENGTH = 12
const LOG_LENGTH_MAX = 1_048_576
/** Whoever has so much to read takes all pages for changed, which costs less. */
const READ_LENGTH_MAX = 65_536
/** Of a viewer's id, as the log holds it: a few share one, and then are asked about without need. */
const SLOT_LENGTH = 4
const SLOTS = 16 ** SLOT_LENGTH
const HEX_SLOT = /^[0-9a-f]{4}$/i
const ALL = '*'.repeat(SLOT_LENGTH)

/**
 * KEYS[1] log, KEYS[2] lease; ARGV entries, a new head, the log's bound, its seconds, the own lease. Returns the longest
 * lease; where the log was lost so may be the leases that rely on it, and the own one stands for them.
 */
const TELL_SOURCE = `
local isLost = redis.call('EXISTS', KEYS[1]) == 0
if isLost or redis.call('APPEND', KEYS[1], ARGV[1]) > tonumber(ARGV[3]) then
  redis.call('SET', KEYS[1], ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return math.max(tonumber(redis.call('GET', KEYS[2]) or 0), isLost and tonumber(ARGV[5]) or 0)
`
const TELL_VALUES = 5
const TELL = createScript(TELL_SOURCE)

/**
 * What makes a change. It is made before it is told: who reads of it has to find it made.
 *
 * @param source Lua over the tables `keys` and `values`, of all items in their order
 */
export const createChangeScript = (source: string): ChangeScript => ({
  told: createScript(
    `local keys, values = { unpack(KEYS, 3) }, { unpack(ARGV, ${TELL_VALUES + 1}) }\n${source}\n${TELL_SOURCE}`,
  ),
  alone: createScript(`local keys, values = KEYS, ARGV\n${source}`),
})

/**
 * KEYS as above; ARGV the head and the length that are known, a new head, the lease and how long it is kept, the log's
 * seconds, the most to read. Returns head, length, and what came since unless that is not known or too much.
 */
const READ = createScript(`
redis.call('SET', KEYS[2], math.max(tonumber(ARGV[4]), tonumber(redis.call('GET', KEYS[2]) or 0)), 'PX', ARGV[5])
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SET', KEYS[1], ARGV[3]) end
redis.call('EXPIRE', KEYS[1], ARGV[6])
local head = redis.call('GETRANGE', KEYS[1], 0, #ARGV[3] - 1)
local length = redis.call('STRLEN', KEYS[1])
local known = tonumber(ARGV[2])
if head ~= ARGV[1] or length < known or length - known > tonumber(ARGV[7]) then return { head, length } end
return { head, length, redis.call('GETRANGE', KEYS[1], known, -1) }
`)

type Read = readonly [head: string, length: number, since?: string]

export function createChangeLog({ redis, leaseMs, timing = SYSTEM }: Options): ChangeLog {
  // Both scripts use both keys, so in a cluster they have to lie on the same node.
  const logKey = redis.key('{changes}', 'log')
  const leaseKey = redis.key('{changes}', 'lease')
  const newHead = () => newSecret((HEAD_LENGTH * 3) / 4)

  let head = ''
  let length = 0
  /** Grows by one with each reading, and is the position of all that this reading brought. */
  let position = 0
  let allChangedAt = 0
  const changedAt = new Float64Array(SLOTS)
  let leaseEndsMs = Number.NEGATIVE_INFINITY
  let readAtMs = Number.NEGATIVE_INFINITY
  let isReading = false

  const send = async (
    connection: RedisCommands,
    { script, values, items }: Change,
    entries: string,
  ): Promise<unknown> => {
    const telling = [entries, newHead(), LOG_LENGTH_MAX, KEPT_SECONDS, leaseMs]
    if (connection instanceof Cluster) {
      await Promise.all(items.map((item) => script.alone(connection, item.keys, [...values, ...item.values])))
      return TELL(connection, [logKey, leaseKey], telling)
    }
    const keys = [logKey, leaseKey, ...items.flatMap((item) => item.keys)]
    return script.told(connection, keys, [...telling, ...values, ...items.flatMap((item) => item.values)])
  }

  const note = (entries: string): void => {
    position++
    if (entries.includes(ALL)) allChangedAt = position
    for (let at = 0; at < entries.length; at += SLOT_LENGTH) {
      changedAt[Number.parseInt(entries.slice(at, at + SLOT_LENGTH), 16)] = position
    }
  }
  const read = async (): Promise<void> => {
    // From before it is sent: Redis keeps others waiting from a later moment on.
    readAtMs = timing.nowMs()
    const endsMs = readAtMs + leaseMs
    const values = [head, length, newHead(), leaseMs, LEASES_KEPT_MS, KEPT_SECONDS, READ_LENGTH_MAX]
    const answer = await redis.run((connection) => READ(connection, [logKey, leaseKey], values))
    const [headNow, lengthNow, since = ALL] = answer as Read
    note(since)
    head = headNow
    length = lengthNow
    leaseEndsMs = endsMs
  }

  // Redis may have come back with less than it had.
  redis.beforeRecovery(async () => {
    if (!redis.isUp()) head = ''
  })

  return {
    async make(whose, change, run = redis.run) {
      const entries = whose === 'all' ? ALL : whose.map(entryOf).join('')
      const othersLeaseMs = await run((connection) => send(connection, change, entries))
      note(entries)
      return Number(othersLeaseMs ?? leaseMs)
    },
    outlast: async (othersLeaseMs) => (othersLeaseMs > 0 ? timing.rest(othersLeaseMs + TIMER_MS) : undefined),
    position: () => position,
    isUnchanged: (viewerId, since) =>
      since >= allChangedAt &&
      since >= (changedAt[Number.parseInt(viewerId.slice(-SLOT_LENGTH), 16)] ?? Number.POSITIVE_INFINITY) &&
      timing.nowMs() < leaseEndsMs,
    follow() {
      if (leaseMs === 0 || isReading || timing.nowMs() < readAtMs + leaseMs / 3) return
      isReading = true
      const done = () => {
        isReading = false
      }
      read().then(done, done)
    },
  }
}

/** A slot that is no hexadecimal could not be told from others. */
function entryOf(viewerId: string): string {
  const slot = viewerId.slice(-SLOT_LENGTH)
  return HEX_SLOT.test(slot) ? slot : ALL
}
