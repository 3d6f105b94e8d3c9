import { call } from '../support/calls.ts'
import { type Process, startApi } from '../support/service.ts'
import { type Stage, secondsUntil } from '../support/stage.ts'

/** What a slow Redis adds to one request, measured on a service that has nothing else to do. */

const COST_MS_MAX = 250
const DELAYS_MS = [45, 80, 115, null] as const

/** Each kind asks Redis for other things; the median of a few keeps a hiccup of the machine out. */
export async function costOfSlowRedis(stage: Stage): Promise<void> {
  const { stores, people, report, isQuick } = stage
  const name = '2e what a slow Redis costs one request'
  const api = await startApi(stores.env)
  const [author, viewer] = people as [(typeof people)[0], (typeof people)[0]]
  const story = await call(api.url, author, 'POST', '/stories', {
    body: { text: 'slow', visibility: 'public' },
  })
  const kinds = {
    feed: () => call(api.url, viewer, 'GET', '/feed'),
    search: () => call(api.url, viewer, 'GET', '/search?q=slow'),
    reaction: () =>
      call(api.url, viewer, 'POST', `/stories/${story.body.id}/reactions`, { body: { emoji: '🔥' } }),
    post: () => call(api.url, author, 'POST', '/stories', { body: { text: 'more', visibility: 'friends' } }),
  }
  const times = 3
  let asked = 0
  let worst = { ms: 0, what: '' }
  for (const [kind, send] of Object.entries(kinds)) {
    const calm: number[] = []
    for (let at = 0; at < times; at++) calm.push((await send()).ms)
    for (const delayMs of isQuick ? DELAYS_MS.slice(2) : DELAYS_MS) {
      const costs: number[] = []
      for (let at = 0; at < times; at++) {
        await breakerCloses(api)
        // A page that is kept asks less of Redis than one that is made.
        if (kind === 'feed') await call(api.url, viewer, 'DELETE', `/follow/${author.id}`)
        if (delayMs === null) stores.redis.pause()
        else stores.redis.door.slowDown(delayMs)
        costs.push((await send()).ms - medianOf(calm))
        asked++
        if (delayMs === null) stores.redis.resume()
        else stores.redis.door.slowDown(0)
      }
      const ms = medianOf(costs)
      if (ms > worst.ms)
        worst = { ms, what: `${kind}, ${delayMs === null ? 'paused' : `${delayMs} ms late`}` }
    }
  }
  report.check(
    name,
    `at most ${COST_MS_MAX} ms, whatever the delay and the request`,
    worst.ms <= COST_MS_MAX,
    `${Math.round(worst.ms)} ms at worst (${worst.what}), medians of ${times}, ${asked} requests`,
  )
  await api.stop()
}

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Redis is trusted again, and the last slow answer is forgotten. */
async function breakerCloses(api: Process): Promise<void> {
  await secondsUntil(async () => {
    const health = (await (await fetch(`${api.url}/healthz`)).json()) as {
      checks: { redis: { status: string; latency_ms: number } }
    }
    return health.checks.redis.status === 'ok' && health.checks.redis.latency_ms < 20
  })
  await secondsUntil(async () => (await api.metric('dependency_up{dependency="redis"}')) !== 0)
}
