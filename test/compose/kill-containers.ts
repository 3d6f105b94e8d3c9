import type { Client, Session } from './client'
import { containersOf, isHealthy, run, waitUntil } from './compose'
import { type LoadResult, startLoad } from './load'

/** What may go wrong while one container is away; everything else is a fault. */
type Expectation = Readonly<{ service: string; faults: (load: LoadResult) => string[] }>

const SLOWEST_MS = 3500
/** Requests in the hands of a process that is killed are lost; at forty a second that is a handful. */
const IN_FLIGHT_MAX = 5

const never = (count: number, what: string): string[] => (count > 0 ? [`${count} ${what}`] : [])
const noHang = (load: LoadResult): string[] =>
  load.slowestMs > SLOWEST_MS ? [`an answer took ${Math.round(load.slowestMs)} ms`] : []

const EXPECTATIONS: readonly Expectation[] = [
  { service: 'worker', faults: (load) => never(load.requests - load.ok, 'requests failed') },
  {
    service: 'minio',
    faults: (load) => [...never(load.requests - load.ok, 'requests failed'), ...noHang(load)],
  },
  {
    service: 'redis',
    faults: (load) => [...never(load.requests - load.ok, 'requests failed'), ...noHang(load)],
  },
  {
    service: 'api',
    faults: (load) =>
      load.requests - load.ok > IN_FLIGHT_MAX ? [`${load.requests - load.ok} requests failed`] : noHang(load),
  },
  {
    service: 'postgres',
    faults: (load) => [
      ...never(load.other, 'answers were neither 2xx nor 503'),
      ...never(load.broken, 'requests broke'),
      ...noHang(load),
    ],
  },
  // A proxy that has just started says 503 until it has found an instance.
  { service: 'proxy', faults: (load) => never(load.other, 'answers were neither 2xx nor 503') },
]

const AWAY_MS = 3000

/** Kills one container of each service under load, brings it back and waits until all is well. @returns the faults */
export async function killEachContainer(
  client: Client,
  session: Session,
  storyId: string,
): Promise<string[]> {
  const faults: string[] = []
  for (const { service, faults: findFaults } of EXPECTATIONS) {
    const [container = ''] = await containersOf(service)
    const load = startLoad(client, session, storyId)
    await run('docker', 'kill', container)
    // The outage itself is the subject: it must last long enough for probes and time-outs to notice.
    await Bun.sleep(AWAY_MS)
    await run('docker', 'start', container)
    const back = await waitUntil(`${service} healthy again`, () => isHealthy(container))
    const served = await waitUntil('answers again', async () => {
      try {
        return (await client.call('/feed', {}, session.token)).ok
      } catch {
        return false
      }
    })
    const result = await load.stop()
    const found = findFaults(result).map((fault) => `${service} killed: ${fault}`)
    console.log(
      `${found.length === 0 ? 'ok  ' : 'FAIL'} ${service} killed: ${result.requests} requests, ${result.ok} fine, ` +
        `${result.unavailable} × 503, ${result.other} other, ${result.broken} broken, slowest ${Math.round(result.slowestMs)} ms; ` +
        `healthy ${Math.round(back)} ms after its start, served ${Math.round(served)} ms later`,
    )
    for (const fault of found) console.log(`     ${fault}`)
    faults.push(...found)
  }
  return faults
}
