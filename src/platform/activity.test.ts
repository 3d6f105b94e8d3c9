import { describe, expect, test } from 'bun:test'
import { ava, ben } from '../../test/support/cast'
import { memoryLogger } from '../../test/support/fakes/logger'
import { type Activity, createActivity } from './activity'
import { createMetrics } from './metrics'

const AVAS = { requestId: 'mine', userId: ava.id }
const BY_AVA = { request_id: 'mine', user_id: ava.id }
const GONE = new Error('gone')
const [INFO, WARN] = [30, 40]

/** A call, the line that it writes, and the series that it moves. */
type Case = {
  [Name in keyof Activity]: readonly [Name, Parameters<Activity[Name]>, object | null, readonly string[]]
}[keyof Activity]

const CASES: readonly Case[] = [
  [
    'auth',
    [AVAS, 'login', 'refused'],
    { event: 'auth', ...BY_AVA, action: 'login', outcome: 'refused' },
    ['auth_events_total{action="login",outcome="refused"} 1'],
  ],
  [
    'auth',
    [{ requestId: 'mine' }, 'refresh', 'reused'],
    { event: 'auth', request_id: 'mine', action: 'refresh', outcome: 'reused' },
    ['auth_events_total{action="refresh",outcome="reused"} 1'],
  ],
  [
    'storyCreated',
    [AVAS, { id: 's1', visibility: 'friends', media_type: 'image/png' }],
    {
      event: 'story_created',
      ...BY_AVA,
      story_id: 's1',
      visibility: 'friends',
      media_type: 'image/png',
    },
    ['stories_created_total{visibility="friends"} 1'],
  ],
  [
    'storyCreated',
    [AVAS, { id: 's1', visibility: 'public', media_type: null }],
    { event: 'story_created', ...BY_AVA, story_id: 's1', visibility: 'public' },
    ['stories_created_total{visibility="public"} 1'],
  ],
  [
    'storyViewed',
    [AVAS, 's1'],
    { event: 'story_viewed', ...BY_AVA, story_id: 's1' },
    ['story_views_total 1'],
  ],
  ['storyDeleted', [AVAS, 's1'], { event: 'story_deleted', ...BY_AVA, story_id: 's1' }, []],
  [
    'storyRemoved',
    [AVAS, 's1', ben.id],
    { event: 'story_removed', ...BY_AVA, story_id: 's1', author_id: ben.id },
    [],
  ],
  [
    'reactionAdded',
    [AVAS, 's1', '🔥'],
    { event: 'reaction_added', ...BY_AVA, story_id: 's1', emoji: '🔥' },
    ['reactions_total{emoji="🔥"} 1'],
  ],
  ['reactionRemoved', [AVAS, 's1'], { event: 'reaction_removed', ...BY_AVA, story_id: 's1' }, []],
  ['followAdded', [AVAS, ben.id], { event: 'follow_added', ...BY_AVA, followee_id: ben.id }, []],
  ['followRemoved', [AVAS, ben.id], { event: 'follow_removed', ...BY_AVA, followee_id: ben.id }, []],
  [
    'uploadPresigned',
    [AVAS, 'image/png', 70],
    { event: 'upload_presigned', ...BY_AVA, content_type: 'image/png', size_bytes: 70 },
    [],
  ],
  ['storiesEnded', [10, 30], { event: 'sweep_progress', count: 30 }, ['stories_expired_total 10']],
  ['storiesEnded', [5, null], null, ['stories_expired_total 5']],
  [
    'storiesExpired',
    [0, 250.04],
    { event: 'story_expired', count: 0, duration_ms: 250 },
    ['worker_latency_seconds_sum 0.25004', 'worker_latency_seconds_count 1'],
  ],
  [
    'housekeeping',
    [{ events: 7, objects: 2 }, 12.34],
    { event: 'housekeeping', events: 7, objects: 2, duration_ms: 12.3 },
    ['housekeeping_removed_total{kind="events"} 7', 'housekeeping_removed_total{kind="objects"} 2'],
  ],
  [
    'dependencyChanged',
    ['redis', false, GONE],
    { level: WARN, event: 'dependency_down', dependency: 'redis', err: 'Error: gone' },
    ['dependency_up{dependency="redis"} 0', 'dependency_errors_total{dependency="redis"} 1'],
  ],
  [
    'dependencyChanged',
    ['storage', true],
    { event: 'dependency_up', dependency: 'storage' },
    ['dependency_up{dependency="storage"} 1'],
  ],
  [
    'followUpFailed',
    ['remove objects', GONE],
    { level: WARN, event: 'follow_up_failed', what: 'remove objects', err: 'Error: gone' },
    [],
  ],
]

const setUp = () => {
  const { logger, lines } = memoryLogger()
  const metrics = createMetrics({ processMetrics: false })
  const activity = createActivity(logger, metrics)
  const series = async () => (await metrics.text()).split('\n').filter((line) => !/^#|_bucket/.test(line))
  return { activity, lines, series }
}

describe('what happens', () => {
  test.each(CASES)(
    'is told in the one line and counted in the series of operations.md: %s',
    async (name, values, line, moved) => {
      const { activity, lines, series } = setUp()
      const before = await series()
      const tell = activity[name] as (...values: readonly unknown[]) => void
      tell(...values)
      const told = lines.map(({ time, pid, hostname, msg, ...rest }) => rest)
      expect(told).toEqual(line === null ? [] : [{ level: INFO, ...line }])
      expect((await series()).filter((item) => !before.includes(item))).toEqual([...moved])
    },
  )
  test('has a case above, whatever it is', () => {
    const covered = new Set(CASES.map(([name]) => name))
    expect(Object.keys(setUp().activity).filter((name) => !covered.has(name as keyof Activity))).toEqual([])
  })
})
