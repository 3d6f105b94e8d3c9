/** `make compose-smoke`, with `make up` running: what containers promise, tried on the real ones. */
import { createClient } from './client'
import { containersOf, isHealthy, run, waitUntil } from './compose'
import { killEachContainer } from './kill-containers'
import { startLoad } from './load'

const baseUrl = process.env.BASE_URL || `http://127.0.0.1:${process.env.PORT || 3000}`
const client = createClient(baseUrl)
const faults: string[] = []
let passed = 0
let tried = 0

async function check(promise: string, attempt: () => Promise<string[]>): Promise<void> {
  tried += 1
  const found = await attempt().catch((error: unknown) => [String(error)])
  if (found.length === 0) passed += 1
  console.log(`${found.length === 0 ? 'ok  ' : 'FAIL'} ${promise}`)
  for (const fault of found) console.log(`     ${fault}`)
  faults.push(...found)
}

/** Signs up from inside another container, so that the proxy sees another address than ours. */
async function signUpFromWorker(times: number, headers: Record<string, string> = {}): Promise<number[]> {
  const script = `
    const statuses = []
    for (let i = 0; i < ${times}; i++) {
      const body = JSON.stringify({ email: 'hop.' + crypto.randomUUID() + '@example.com', password: 'a long password' })
      const headers = { 'Content-Type': 'application/json', ...${JSON.stringify(headers)} }
      statuses.push((await fetch('http://proxy:3000/auth/signup', { method: 'POST', headers, body })).status)
    }
    console.log(JSON.stringify(statuses))`
  return JSON.parse(await run('docker', 'compose', 'exec', '-T', 'worker', 'bun', '-e', script))
}

await run('docker', 'compose', 'up', '-d', '--no-build', '--wait', '--scale', 'api=2')
const session = await client.signUp('smoke')
const story = (await (
  await client.call(
    '/stories',
    { method: 'POST', body: JSON.stringify({ text: 'smoke', visibility: 'public' }) },
    session.token,
  )
).json()) as { id: string }

await check('both instances serve behind the proxy', async () => {
  for (let i = 0; i < 40; i++) await (await client.call('/me', {}, session.token)).arrayBuffer()
  const idle: string[] = []
  for (const container of await containersOf('api')) {
    const lines = await run('docker', 'logs', '--tail', '200', container)
    if (!lines.includes('"route":"/me"')) idle.push(`${container.slice(0, 12)} served nothing`)
  }
  return idle
})

await check('an address uses up its own sign-ups and nobody else’s, and cannot invent another', async () => {
  const first = await signUpFromWorker(14)
  if (!first.includes(429)) return [`14 sign-ups of one address: ${first.join(' ')}`]
  const spoofed = await signUpFromWorker(1, { 'X-Forwarded-For': '192.0.2.7' })
  const other = await client.signUp('other').then(() => 201, String)
  return [
    ...(spoofed[0] === 429 ? [] : [`with an invented address: ${spoofed[0]}`]),
    ...(other === 201 ? [] : [`another address: ${other}`]),
  ]
})

await check('the root file system is read-only, the user is not root', async () => {
  const script = `
    const writable = await Bun.write('/app/x', 'x').then(() => true, () => false)
    console.log(JSON.stringify({ writable, uid: process.getuid() }))`
  const found: string[] = []
  for (const service of ['api', 'worker']) {
    const answer = await run('docker', 'compose', 'exec', '-T', service, 'bun', '-e', script)
    if (answer !== '{"writable":false,"uid":1000}') found.push(`${service}: ${answer}`)
  }
  return found
})

for (const service of ['api', 'worker']) {
  await check(`${service} ends with 0 within 10 s of SIGTERM, and comes back`, async () => {
    const [container = ''] = await containersOf(service)
    const started = performance.now()
    await run('docker', 'stop', '--time', '15', container)
    const tookMs = performance.now() - started
    const code = await run('docker', 'inspect', '-f', '{{.State.ExitCode}}', container)
    await run('docker', 'start', container)
    await waitUntil(`${service} healthy`, () => isHealthy(container))
    return [
      ...(code === '0' ? [] : [`exit code ${code}`]),
      ...(tookMs < 10_500 ? [] : [`took ${Math.round(tookMs)} ms`]),
    ]
  })
}

// The measure of the machine: where this fails, the kills below say nothing.
await check('with nothing killed, everything is answered', async () => {
  const load = startLoad(client, session, story.id)
  await Bun.sleep(3000)
  const result = await load.stop()
  return result.ok === result.requests
    ? []
    : [
        `${result.requests - result.ok} of ${result.requests} failed: is this machine busy with something else?`,
      ]
})

await check('each container may be killed under load', () => killEachContainer(client, session, story.id))

console.log(`${passed} passed, ${tried - passed} failed`)
process.exit(faults.length === 0 ? 0 : 1)
