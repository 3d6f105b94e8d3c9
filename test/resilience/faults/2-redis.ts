import Redis from 'ioredis'
import { call } from '../support/calls.ts'
import { readEvents } from '../support/events.ts'
import { audit, startLoad } from '../support/load.ts'
import { startApi } from '../support/service.ts'
import { type Fault, internalErrors, type Stage, secondsUntil, statusOf } from '../support/stage.ts'
import { costOfSlowRedis } from './2-cost.ts'

type Case = Readonly<{
  name: string
  seconds: number
  begin(stage: Stage): Promise<void> | void
  end(stage: Stage): Promise<void> | void
}>

const cases: readonly Case[] = [
  {
    name: '2a Redis stopped',
    seconds: 20,
    begin: ({ stores }) => stores.redis.stop(),
    end: ({ stores }) => stores.redis.start(),
  },
  {
    name: '2b Redis paused',
    seconds: 10,
    begin: ({ stores }) => stores.redis.pause(),
    end: ({ stores }) => stores.redis.resume(),
  },
  {
    name: '2c Redis answers 100 ms late',
    seconds: 6,
    begin: ({ stores }) => stores.redis.door.slowDown(100),
    end: ({ stores }) => stores.redis.door.slowDown(0),
  },
  {
    name: '2d Redis flushed',
    seconds: 2,
    async begin({ stores }) {
      const redis = new Redis(stores.redis.url)
      await redis.flushall()
      redis.disconnect()
    },
    end: () => undefined,
  },
]

/** Redis is a help, never a must. */
export const redis: Fault = {
  name: '2 Redis',
  isInQuick: true,
  async run(stage) {
    for (const item of stage.isQuick ? cases.slice(0, 2) : cases) await runCase(stage, item)
    await costOfSlowRedis(stage)
  },
}

async function runCase(stage: Stage, { name, seconds, begin, end }: Case): Promise<void> {
  const { stores, people, report, isQuick } = stage
  const apis = [await startApi(stores.env), await startApi(stores.env)]
  const [one, two] = apis.map((api) => api.url) as [string, string]
  const [author, follower, viewer] = people.slice(0, 3) as [
    (typeof people)[0],
    (typeof people)[0],
    (typeof people)[0],
  ]
  const post = (text: string, visibility: string) =>
    call(one, author, 'POST', '/stories', { body: { text, visibility } })
  const feedOf = async (url: string) => {
    const answer = await call(url, follower, 'GET', '/feed?limit=100')
    return (answer.body.items as { id: string }[] | undefined)?.map((item) => item.id) ?? []
  }

  await call(one, follower, 'POST', `/follow/${author.id}`)
  const friends = String((await post('for friends', 'friends')).body.id)
  const gone = String((await post('deleted meanwhile', 'public')).body.id)
  const watched = String((await post('watched', 'public')).body.id)
  const before = await Promise.all([feedOf(one), feedOf(two)])
  report.check(
    name,
    'the page is warm and shows both stories',
    before.every((ids) => ids.includes(friends) && ids.includes(gone)),
  )
  const events = readEvents(two, author)
  await secondsUntil(async () => events.isOpen())

  const load = startLoad({ doors: () => [one, two], people: people.slice(3), workers: 6, restMs: 50 })
  await Bun.sleep(1500)
  const calmMedianMs = load.medianMs()
  load.resetWorst()
  await begin(stage)
  await Bun.sleep(300)
  const unfollowed = await call(one, follower, 'DELETE', `/follow/${author.id}`)
  const deleted = await call(one, author, 'DELETE', `/stories/${gone}`)
  const viewed = await call(one, viewer, 'POST', `/stories/${watched}/view`)
  report.check(
    name,
    'unfollow, delete and view go on',
    unfollowed.status === 204 && deleted.status === 204 && viewed.status === 200,
  )
  const hidden = async () => {
    const pages = await Promise.all([feedOf(one), feedOf(two)])
    return pages.every((ids) => !ids.includes(friends) && !ids.includes(gone))
  }
  report.check(name, 'they hold at once, on both instances', await hidden())
  report.check(name, '/readyz stays 200', (await statusOf(one, '/readyz')) === 200)
  const isAway = !name.includes('flushed') && !name.includes('late')
  if (isAway) {
    await Bun.sleep(1100)
    report.check(name, '/healthz tells the truth', (await statusOf(one, '/healthz')) === 503)
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        call(one, viewer, 'POST', `/stories/${watched}/reactions`, { body: { emoji: '🔥' } }),
      ),
    )
    report.check(
      name,
      'requests with a limit are answered',
      answers.every((answer) => answer.status < 300),
    )
  }
  await Bun.sleep((isQuick ? Math.min(seconds, 2) : seconds) * 1000)
  const duringMs = load.counts.worstMs
  const medianMs = load.medianMs()
  await end(stage)
  let shownAgain = 0
  const watching = (async () => {
    for (const until = performance.now() + (isQuick ? 2000 : 4000); performance.now() < until; )
      if (!(await hidden())) shownAgain++
  })()
  const recovery = await secondsUntil(
    async () => (await statusOf(one, '/healthz')) === 200 && (await statusOf(two, '/healthz')) === 200,
  )
  await watching
  report.check(name, 'no old page comes back', shownAgain === 0)
  report.check(name, 'all is back within 5 s', recovery < 5, `${recovery.toFixed(1)} s`)
  const arrived = await secondsUntil(
    async () => events.received().some((event) => event.data.includes(viewer.id)),
    10,
  )
  report.check(name, 'the event reached its author', arrived < 10)
  await load.stop()
  events.close()
  const found = await audit(stores.sql, load.acknowledgedTexts)
  report.check(
    name,
    'no request failed',
    load.counts.failed === 0 && load.counts.unavailable === 0 && load.odd.length === 0,
    load.odd[0] ?? '',
  )
  report.check(
    name,
    'half of the requests under load are answered as if nothing were: at most 100 ms slower than before',
    medianMs - calmMedianMs < 100,
    `median ${Math.round(medianMs)} ms, ${Math.round(calmMedianMs)} ms before`,
  )
  report.check(name, 'no bug came out', internalErrors(apis).length === 0, internalErrors(apis)[0] ?? '')
  report.row({
    fault: name,
    load: '6 clients, 2 instances',
    attempted: load.counts.attempted,
    acknowledged: load.counts.acknowledged,
    ...found,
    worstMs: duringMs,
    recoverySeconds: recovery,
  })
  await Promise.all(apis.map((api) => api.stop()))
}
