/** The example of live events in docs/api-guide.md, run as it stands in a browser of which there is only what it uses. */
import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test'

const guide = await Bun.file(`${import.meta.dir}/../docs/api-guide.md`).text()
const [example = ''] = /^function listen\(.*?^\}$/ms.exec(guide) ?? []

type Listen = (tokenOf: () => Promise<string>) => () => void

/** The example with streams that the test opens and ends. */
function setScene() {
  const streams: FakeSource[] = []
  class FakeSource {
    static readonly CLOSED = 2
    readyState = 1
    onerror = () => undefined
    constructor(readonly url: URL) {
      streams.push(this)
    }
    addEventListener() {}
    close() {
      this.readyState = FakeSource.CLOSED
    }
    end() {
      this.close()
      this.onerror()
    }
  }
  const browser = { EventSource: FakeSource, location: { href: 'http://service/' } }
  const listen = new Function(...Object.keys(browser), `return ${example}`)(
    ...Object.values(browser),
  ) as Listen
  return { listen, streams }
}

/** Lets what waits for promises alone go on. */
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

describe('the example of live events', () => {
  beforeEach(() => void jest.useFakeTimers())
  afterEach(() => void jest.useRealTimers())
  const second = async () => {
    jest.advanceTimersByTime(1000)
    await settle()
  }

  test('opens a new stream with a new token when one has ended', async () => {
    const { listen, streams } = setScene()
    let count = 0
    listen(async () => `token ${++count}`)
    await settle()
    streams[0]?.end()
    await second()
    expect(streams.map(({ url }) => url.searchParams.get('access_token'))).toEqual(['token 1', 'token 2'])
  })

  test('goes on when no token can be had for a while', async () => {
    const { listen, streams } = setScene()
    let isDown = true
    listen(() => (isDown ? Promise.reject(new Error('no')) : Promise.resolve('token')))
    await settle()
    await second()
    isDown = false
    await second()
    expect(streams).toHaveLength(1)
  })

  test('opens nothing once it was stopped, whatever it was waiting for', async () => {
    const { listen, streams } = setScene()
    const token = Promise.withResolvers<string>()
    const stops = [listen(() => token.promise), listen(async () => 'token')]
    await settle()
    streams[0]?.end()
    for (const stop of stops) stop()
    token.resolve('late')
    await settle()
    await second()
    expect(streams).toHaveLength(1)
  })
})
