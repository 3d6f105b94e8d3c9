import { startLoad } from '../support/load.ts'
import { type LogLine, startApi, startWorker } from '../support/service.ts'
import { type Fault, type Stage, secondsUntil } from '../support/stage.ts'

/** Many workers, one of them killed in a sweep: each story ends once. */
export const workers: Fault = {
  name: '6 workers',
  isInQuick: false,
  async run(stage) {
    for (const count of stage.isQuick ? [2] : [2, 5]) await runCase(stage, count)
  },
}

const BATCH = 500

/** What a worker's log says it ended: its sweeps, and of one that was cut off how far it had come. */
function endedBy(lines: readonly LogLine[]): number {
  const swept = lines.filter((line) => line.event === 'story_expired')
  const cutOff = lines
    .slice(lines.findLastIndex((line) => line.event === 'story_expired') + 1)
    .findLast((line) => line.event === 'sweep_progress')
  return swept.reduce((sum, line) => sum + Number(line.count), Number(cutOff?.count ?? 0))
}

async function runCase({ stores, people, report, isQuick }: Stage, count: number): Promise<void> {
  const name = `6 ${count} workers, one killed in a sweep`
  const due = isQuick ? 10_000 : 40_000
  const [author] = people as [(typeof people)[0]]
  const api = await startApi(stores.env)
  // Stands still while a story cannot be locked is what this would show.
  const load = startLoad({ doors: () => [api.url], people, workers: 6, restMs: 40 })
  await stores.sql`
    insert into stories (id, author_id, text, visibility, created_at, expires_at)
    select gen_random_uuid(), ${author.id}::uuid, 'due', 'private', now() - interval '1 day', now() - interval '1 hour' * random()
    from generate_series(1, ${due}::int)`
  await Bun.sleep(500)
  load.resetWorst()
  const env = { ...stores.env, WORKER_INTERVAL_SECONDS: '1', WORKER_BATCH_SIZE: String(BATCH) }
  const startedMs = performance.now()
  const running = await Promise.all(Array.from({ length: count }, () => startWorker(env)))
  const left = async () =>
    Number(
      (await stores.sql`select count(*)::int as n from stories where text = 'due' and deleted_at is null`)[0]
        ?.n,
    )
  const victim = running[0]
  await secondsUntil(async () => (await left()) < due * 0.9)
  await victim?.kill()
  const atKill = await left()
  const seconds = await secondsUntil(async () => (await left()) === 0, 60)
  await secondsUntil(
    async () =>
      running.slice(1).every((worker) => worker.lines.some((line) => line.event === 'story_expired')),
    5,
  )
  const worstMs = load.counts.worstMs
  await load.stop()
  const metrics = (
    await Promise.all(running.slice(1).map((worker) => worker.metric('stories_expired_total')))
  ).reduce((a, b) => a + b, 0)
  await Promise.all(running.slice(1).map((worker) => worker.stop()))
  const logged = running.slice(1).reduce((sum, worker) => sum + endedBy(worker.lines), 0)
  const byVictim = endedBy(victim?.lines ?? [])
  const inHand = due - logged - byVictim
  report.check(
    name,
    'every due story is ended',
    seconds < 60,
    `${due} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s, ${atKill} left at the kill`,
  )
  report.check(name, 'logs and metrics of the others agree', logged === metrics, `${logged} and ${metrics}`)
  report.check(
    name,
    `counts add up to the rows, but for the batch that the killed one had in hand (${BATCH} at most)`,
    inHand >= 0 && inHand <= BATCH,
    `${logged} + ${byVictim} + ${inHand} in hand = ${due}`,
  )
  report.check(
    name,
    'a sweep makes no request wait',
    worstMs < 2000 && load.odd.length === 0,
    `${Math.round(worstMs)} ms`,
  )
  report.row({
    fault: name,
    load: `${due} due stories, 6 clients`,
    attempted: due,
    acknowledged: due - (await left()),
    lost: await left(),
    doubled: Math.max(0, -inHand),
    worstMs,
    recoverySeconds: seconds,
  })
  await stores.sql`delete from stories where text = 'due'`
  await api.stop()
}
