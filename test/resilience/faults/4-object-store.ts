import { call } from '../support/calls.ts'
import { audit, startLoad } from '../support/load.ts'
import { startApi, startWorker } from '../support/service.ts'
import { type Fault, type Stage, secondsUntil } from '../support/stage.ts'

const PNG = Uint8Array.from([
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
])

/** The bucket away or slow: text stories do not notice, claims are told 503, removals are done later. */
export const objectStore: Fault = {
  name: '4 Object store',
  isInQuick: true,
  async run(stage) {
    await runCase(
      stage,
      '4a object store stopped',
      () => stage.stores.objects.stop(),
      () => stage.stores.objects.start(),
    )
    if (stage.isQuick) return
    const { door } = stage.stores.objects
    await runCase(
      stage,
      '4b object store answers 5 s late',
      async () => door.slowDown(5000),
      async () => door.slowDown(0),
    )
  },
}

async function runCase(
  { stores, people, report }: Stage,
  name: string,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Promise<void> {
  const api = await startApi(stores.env)
  const worker = await startWorker({
    ...stores.env,
    WORKER_INTERVAL_SECONDS: '1',
    UPLOAD_URL_TTL_SECONDS: '1',
  })
  const [author] = people as [(typeof people)[0]]
  const upload = async () => {
    const asked = await call(api.url, author, 'POST', '/media/uploads', {
      body: { content_type: 'image/png', size: PNG.length },
    })
    const put = asked.body.upload as { url: string; headers: Record<string, string> }
    await fetch(put.url, { method: 'PUT', headers: put.headers, body: PNG })
    return String(asked.body.media_key)
  }
  const claim = (mediaKey: string) =>
    call(api.url, author, 'POST', '/stories', { body: { media_key: mediaKey, visibility: 'public' } })
  const ended = await claim(await upload())
  const key = await upload()
  const load = startLoad({ doors: () => [api.url], people, workers: 6, restMs: 50 })
  await Bun.sleep(500)
  await begin()
  load.resetWorst()
  const refused = await claim(key)
  await call(api.url, author, 'DELETE', `/stories/${ended.body.id}`)
  await Bun.sleep(3000)
  const worstMs = load.counts.worstMs
  const left = await stores.sql`select 1 from media_uploads where state = 'removing'`
  await end()
  let claimed = 0
  const recovery = await secondsUntil(async () => {
    claimed = (await claim(key)).status
    return claimed === 201
  })
  await secondsUntil(
    async () =>
      (
        await stores.sql`select 1 from media_uploads where state = 'removing' and created_at < now() - interval '62 seconds'`
      ).length === 0,
    5,
  )
  await load.stop()
  const found = await audit(stores.sql, load.acknowledgedTexts)
  report.check(
    name,
    'text stories and feeds do not notice',
    load.odd.length === 0 && load.counts.unavailable + load.counts.failed === 0,
    load.odd[0] ?? '',
  )
  report.check(
    name,
    'a claim is told 503 with Retry-After within 3 s',
    refused.status === 503 && refused.headers.has('retry-after') && refused.ms < 3000,
    `${refused.status} after ${Math.round(refused.ms)} ms`,
  )
  report.check(name, 'the same key is claimed afterwards', claimed === 201, String(claimed))
  report.check(name, 'a removal waits for the store', left.length > 0)
  report.check(name, 'the worker lives on', !worker.child.hasExited())
  report.row({
    fault: name,
    load: '6 clients, 1 worker',
    attempted: load.counts.attempted,
    acknowledged: load.counts.acknowledged,
    ...found,
    worstMs,
    recoverySeconds: recovery,
  })
  await Promise.all([api.stop(), worker.stop()])
}
