import { connect } from 'node:net'
import { startApi } from '../support/service.ts'
import type { Stage } from '../support/stage.ts'
import { openWire } from '../support/wire.ts'

const CLIENTS = 16
const HALF =
  'POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n'

/**
 * Clients that know of no other instance, ask nobody whether it is ready, and send again as soon as they are answered;
 * beside them some that never send the body they have announced.
 */
export async function hammering({ stores, people, report, isQuick }: Stage): Promise<void> {
  const name = '5b SIGTERM while clients hammer on'
  const counts = { attempted: 0, acknowledged: 0, failed: 0, worstMs: 0 }
  const codes: number[] = []
  let worstSeconds = 0
  for (let turn = 0; turn < (isQuick ? 2 : 6); turn++) {
    const api = await startApi(stores.env)
    let isGone = false
    const clients = Array.from({ length: CLIENTS }, async (_, at) => {
      const wire = openWire(Number(new URL(api.url).port))
      const { token } = people[at % people.length] as { token: string }
      for (;;) {
        const startedMs = performance.now()
        const answer = await wire.send('GET', '/feed', token)
        // Refused after the end of the port: nothing was accepted, and nothing will be.
        if (answer.outcome === 'refused') {
          if (isGone) return wire.close()
          await Bun.sleep(5)
          continue
        }
        counts.attempted++
        counts.worstMs = Math.max(counts.worstMs, performance.now() - startedMs)
        if (answer.status === 200) counts.acknowledged++
        else counts.failed++
      }
    })
    await Bun.sleep(500)
    const startedMs = performance.now()
    const halves = setInterval(() => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(api.url).port) })
      socket.on('error', () => socket.destroy())
      socket.write(HALF)
    }, 200)
    codes.push(await api.stop())
    clearInterval(halves)
    worstSeconds = Math.max(worstSeconds, (performance.now() - startedMs) / 1000)
    isGone = true
    await Promise.all(clients)
  }
  report.check(
    name,
    'no accepted request fails, though the clients never rest',
    counts.failed === 0,
    `${counts.failed} of ${counts.attempted}`,
  )
  report.check(
    name,
    'each process ends with 0 within 10 s',
    codes.every((code) => code === 0) && worstSeconds < 10,
    `${codes.join(' ')}, at most ${worstSeconds.toFixed(1)} s`,
  )
  report.row({
    fault: name,
    load: `${CLIENTS} connections, ${codes.length} SIGTERMs`,
    attempted: counts.attempted,
    acknowledged: counts.acknowledged,
    lost: counts.failed,
    doubled: 0,
    worstMs: counts.worstMs,
    recoverySeconds: null,
  })
}
