import { newSecret } from '../../kernel/ids'
import { type Change, createChangeScript } from './change-log'

/** The changes that make cached pages stale (`page-versions.ts`), each by one script. */

export const VERSION_TTL_SECONDS = 3600
/** Longer than any page lives. */
export const REMOVED_KEPT_MS = 120_000
/** A token and 64 ids: a new page costs less than looking through more. */
const VERSION_LENGTH_MAX = 12 + 64 * 37

/**
 * By Redis' clock: an instance with another time would forget what others removed, or have its own forgotten.
 * keys ids by when they were removed, token; values new token, milliseconds and seconds to keep, ids.
 */
const NOTE_REMOVED = createChangeScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 4, #values do redis.call('ZADD', keys[1], now, values[i]) end
redis.call('SET', keys[2], values[1], 'EX', values[3])
redis.call('ZREMRANGEBYSCORE', keys[1], '-inf', now - values[2])
redis.call('EXPIRE', keys[1], values[3])
`)

/**
 * Without a version there is no page to be marked as viewed; past the bound the list makes way for a new version. keys
 * versions; values the bound, a new version, its seconds, and for each key the story, or nothing for a new version.
 */
const MARK = createChangeScript(`
for i, key in ipairs(keys) do
  local story = values[i + 3]
  local mark = story ~= '' and redis.call('GET', key)
  local isNews = mark and not string.find(mark, story, 1, true)
  if story == '' or isNews and redis.call('APPEND', key, ',' .. story) > tonumber(values[1]) then
    redis.call('SET', key, values[2], 'EX', values[3])
  end
end
`)

/** Notes these stories as removed, in the set, and that something was, by the token. */
export const removing = (setKey: string, tokenKey: string, storyIds: readonly string[]): Change => ({
  script: NOTE_REMOVED,
  values: [newSecret(9), REMOVED_KEPT_MS, VERSION_TTL_SECONDS],
  items: [{ keys: [setKey, tokenKey], values: storyIds }],
})

/** Notes each story behind the version at its key, once; without a story the version is made anew. */
export const marking = (deeds: readonly Readonly<{ key: string; storyId: string }>[]): Change => ({
  script: MARK,
  values: [VERSION_LENGTH_MAX, newSecret(9), VERSION_TTL_SECONDS],
  items: deeds.map(({ key, storyId }) => ({ keys: [key], values: [storyId] })),
})

/** Makes the versions at these keys anew. */
export const renewal = (keys: readonly string[]): Change => marking(keys.map((key) => ({ key, storyId: '' })))
