import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chooseServicePorts } from './service-ports.ts'

let other: Bun.Server<undefined>
beforeAll(() => {
  other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('busy') })
})
afterAll(() => other.stop(true))

test('a port that was asked for and is busy is refused by name, never replaced', async () => {
  await expect(chooseServicePorts({ PORT: String(other.port) })).rejects.toThrow(
    `PORT=${other.port} is in use`,
  )
  await expect(chooseServicePorts({ WORKER_METRICS_PORT: String(other.port) })).rejects.toThrow(
    'WORKER_METRICS_PORT',
  )
})

test('what is no port is refused', async () => {
  for (const PORT of ['http', '-1', '70000'])
    await expect(chooseServicePorts({ PORT })).rejects.toThrow('is no port')
})

test('ports nobody asked for are free ones', async () => {
  const ports = await chooseServicePorts({})
  for (const port of [ports.api, ports.worker]) {
    await Bun.serve({ port, hostname: '127.0.0.1', fetch: () => new Response() }).stop(true)
  }
})
