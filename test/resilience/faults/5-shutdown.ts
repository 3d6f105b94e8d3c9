import { call } from '../support/calls.ts'
import { readEvents } from '../support/events.ts'
import { type Process, startApi } from '../support/service.ts'
import { type Fault, type Stage, secondsUntil, statusOf } from '../support/stage.ts'
import { openWire } from '../support/wire.ts'
import { hammering } from './5-hammering.ts'

/** SIGTERM under load: what was accepted is answered, and streams go on elsewhere. */
export const shutdown: Fault = {
  name: '5 SIGTERM',
  isInQuick: true,
  async run(stage) {
    await rollingRestart(stage)
    await hammering(stage)
  },
}

/** Sends as a load balancer does: to instances that say they are ready, over connections that are kept. */
function startTraffic(stage: Stage, instances: () => readonly Process[], clients: number) {
  const counts = { attempted: 0, acknowledged: 0, failed: 0, refused: 0, worstMs: 0 }
  const texts: string[] = []
  const ready = new Set<string>()
  let stopping = false
  const look = async () => {
    while (!stopping) {
      for (const { url } of instances()) {
        if ((await statusOf(url, '/readyz').catch(() => 0)) === 200) ready.add(url)
        else ready.delete(url)
      }
      await Bun.sleep(50)
    }
  }
  const run = async (at: number) => {
    const wires = new Map<string, ReturnType<typeof openWire>>()
    for (let turn = at; !stopping; turn++) {
      const urls = instances()
        .map(({ url }) => url)
        .filter((url) => ready.has(url))
      const url = urls[turn % Math.max(1, urls.length)]
      if (url === undefined) {
        await Bun.sleep(10)
        continue
      }
      const wire = wires.get(url) ?? openWire(Number(new URL(url).port))
      wires.set(url, wire)
      const { token } = stage.people[turn % stage.people.length] as { token: string }
      const text = `rolling ${at}-${turn}`
      const startedMs = performance.now()
      const answer =
        turn % 2 === 0
          ? await wire.send('GET', '/feed', token)
          : await wire.send('POST', '/stories', token, JSON.stringify({ text, visibility: 'public' }))
      // Where no connection could be had nothing was accepted: the next instance gets it.
      if (answer.outcome === 'refused') {
        counts.refused++
        ready.delete(url)
        continue
      }
      counts.attempted++
      counts.worstMs = Math.max(counts.worstMs, performance.now() - startedMs)
      if (answer.status >= 200 && answer.status < 300) {
        counts.acknowledged++
        if (turn % 2 === 1) texts.push(text)
      } else counts.failed++
      await Bun.sleep(15)
    }
    for (const wire of wires.values()) wire.close()
  }
  const running = Promise.all([look(), ...Array.from({ length: clients }, (_, at) => run(at))])
  return {
    counts,
    texts,
    async stop() {
      stopping = true
      await running
    },
  }
}

async function rollingRestart(stage: Stage): Promise<void> {
  const { stores, people, report, isQuick } = stage
  const name = '5 rolling restart of two instances'
  let instances = [await startApi(stores.env), await startApi(stores.env)]
  const rounds = isQuick ? 1 : 4
  const [author] = people as [(typeof people)[0]]
  const story = await call(instances[0]?.url ?? '', author, 'POST', '/stories', {
    body: { text: 'watched', visibility: 'public' },
  })
  let stream = readEvents(instances[0]?.url ?? '', author)
  await secondsUntil(async () => stream.isOpen())
  const seen: string[] = []
  let isOver = false
  const follow = (async () => {
    while (!isOver) {
      await stream.ended
      seen.push(...stream.received().map((event) => event.id))
      if (isOver) return
      await Bun.sleep(100)
      const target = instances[Math.floor(Math.random() * instances.length)]?.url ?? ''
      stream = readEvents(target, author, stream.lastId())
    }
  })()
  const traffic = startTraffic(stage, () => instances, 12)
  await Bun.sleep(1000)
  const codes: number[] = []
  const durations: number[] = []
  let viewed = 0
  for (let round = 0; round < rounds; round++) {
    for (const at of [0, 1]) {
      const old = instances[at] as Process
      const fresh = await startApi(stores.env)
      const startedMs = performance.now()
      const stopped = old.stop()
      const viewer = people[1 + (viewed % (people.length - 1))]
      if (viewed < people.length - 1) {
        await call(fresh.url, viewer ?? null, 'POST', `/stories/${story.body.id}/view`)
        viewed++
      }
      codes.push(await stopped)
      durations.push((performance.now() - startedMs) / 1000)
      instances = instances.map((process) => (process === old ? fresh : process))
    }
  }
  await Bun.sleep(500)
  await traffic.stop()
  const recovery = await secondsUntil(
    async () => new Set([...seen, ...stream.received().map((event) => event.id)]).size >= viewed,
    10,
  )
  isOver = true
  stream.close()
  await follow
  const rows = await stores.sql<
    { text: string; n: number }[]
  >`select text, count(*)::int as n from stories where text like 'rolling %' group by text`
  const stored = new Set(rows.map((row) => row.text))
  const lost = traffic.texts.filter((text) => !stored.has(text)).length
  const doubled = rows.filter((row) => row.n > 1).length
  report.check(
    name,
    'no accepted request fails',
    traffic.counts.failed === 0,
    `${traffic.counts.failed} of ${traffic.counts.attempted}, ${traffic.counts.refused} not accepted`,
  )
  report.check(
    name,
    'each process ends with 0 within 10 s',
    codes.every((code) => code === 0) && Math.max(...durations) < 10,
    `${codes.join(' ')}, at most ${Math.max(...durations).toFixed(1)} s`,
  )
  report.check(
    name,
    'the stream resumes elsewhere: each event once',
    seen.length === new Set(seen).size && seen.length === viewed,
    `${seen.length} of ${viewed}`,
  )
  report.row({
    fault: name,
    load: `12 connections, ${rounds * 2} SIGTERMs`,
    attempted: traffic.counts.attempted,
    acknowledged: traffic.counts.acknowledged,
    lost,
    doubled,
    worstMs: traffic.counts.worstMs,
    recoverySeconds: recovery,
  })
  await Promise.all(instances.map((process) => process.stop()))
}
