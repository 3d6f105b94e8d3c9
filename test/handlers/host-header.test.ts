import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { buildApp } from '../../src/app'
import { fakeContext } from '../support/fake-context'
import { sendRaw } from '../support/raw-request'

// A name may be as short as `api`, and an old health checker sends none at all: neither may change what is answered.
describe('the Host header', () => {
  let server: Bun.Server<undefined>
  beforeAll(async () => {
    const app = buildApp(fakeContext().ctx)
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => app.handle(request, { address: '127.0.0.1', keepOpen: () => undefined }),
    })
  })
  afterAll(() => server.stop(true))

  const send = (...lines: string[]): Promise<string> => sendRaw(server.port ?? 0, ...lines)

  for (const host of ['a', 'api', 'api:80', 'stories.example.org']) {
    test(`of ${host} reaches the same routes`, async () => {
      const answer = await send('GET /livez HTTP/1.1', `Host: ${host}`, 'Connection: close')
      expect(answer).toStartWith('HTTP/1.1 200 ')
      expect(answer).toEndWith('{"status":"ok"}')
    })
  }

  test('may be short on a HEAD request, which tells the length and no more, and on one that is refused', async () => {
    const head = await send('HEAD /livez HTTP/1.1', 'Host: a', 'Connection: close')
    expect(head).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\ncontent-length: 15\r\n([^\r\n]+\r\n)*\r\n$/i)
    expect(await send('GET /feed HTTP/1.1', 'Host: a', 'Connection: close')).toStartWith('HTTP/1.1 401 ')
  })

  test.each(['x:abc', '[::1', 'x:99999', '::::', '1.2.3.4.5.6.7'])(
    'of %s, which is none, keeps nobody from saying who they are in the query',
    async (host) => {
      for (const query of ['', '?access_token=x']) {
        const answer = await send(`GET /events${query} HTTP/1.1`, `Host: ${host}`, 'Connection: close')
        expect(answer).toStartWith('HTTP/1.1 401 ')
      }
    },
  )

  test('may be missing in HTTP/1.0', async () => {
    expect(await send('GET /livez HTTP/1.0')).toEndWith('{"status":"ok"}')
    expect(await send('HEAD /livez HTTP/1.0')).toMatch(/^HTTP\/1.. 200 /)
    expect(await send('GET /nowhere HTTP/1.0')).toMatch(/^HTTP\/1.. 404 /)
    expect(await send('POST /nowhere HTTP/1.0', 'Content-Length: 2', '', '{}')).toMatch(/^HTTP\/1.. 404 /)
  })
})
