import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Redis } from 'ioredis'
import type { RedisServer } from '../../dev/redis.ts'
import { createRemoteApi } from '../support/api'
import { STACK_START_MS_MAX, TEST_MS_MAX, useStage } from '../support/context'
import { startOwnRedis } from '../support/own-redis'
import { signUp } from '../support/people'
import { startApi } from '../support/processes'
import { readEvents } from '../support/read-stream'
import { openTlsDoor, type TlsDoor } from '../support/tls-door'
import { until } from '../support/until'

/** `rediss://`, as most managed Redis speak it: with an authority that the process is told of, and not without. */

const stage = useStage()
let redis: RedisServer
let door: TlsDoor
const url = () => `rediss://:x@localhost:${door.port}`

beforeAll(async () => {
  redis = await startOwnRedis()
  door = await openTlsDoor(Number(new URL(redis.url).port))
}, STACK_START_MS_MAX)

afterAll(async () => {
  door?.close()
  await redis?.stop()
}, TEST_MS_MAX)

/** What Redis itself says, asked without TLS. */
async function seen<T>(ask: (own: Redis) => Promise<T>): Promise<T> {
  const own = new Redis(redis.url)
  try {
    return await ask(own)
  } finally {
    own.disconnect()
  }
}

/** How many connections listen to a channel. */
async function listeners(): Promise<number> {
  const clients = String(await seen((own) => own.client('LIST')))
  return clients.split('\n').filter((line) => / sub=[1-9]/.test(line)).length
}

describe('a Redis behind TLS', () => {
  test('serves limits and wakes when NODE_EXTRA_CA_CERTS names its authority', async () => {
    const env = { ...stage.env(), REDIS_URL: url(), NODE_EXTRA_CA_CERTS: door.certificateFile }
    const [one, other] = await Promise.all([startApi(env), startApi(env)])
    const api = createRemoteApi(one.url)
    try {
      await until('both to reach it', async () => {
        const answers = await Promise.all([one, other].map(({ url }) => fetch(`${url}/healthz`)))
        return answers.every(({ status }) => status === 200)
      })
      const [ava, ben] = await Promise.all([signUp(api, 'ava'), signUp(api, 'ben')])
      const stream = await readEvents(other.url, { token: ava.token })
      await until('the stream to be listened for', async () => (await listeners()) > 0)
      const { id } = await ava.tell({})
      expect(await seen((own) => own.exists(`stories:bucket:stories:${ava.id}`))).toBe(1)
      await ben.post(`/stories/${id}/view`)
      await stream.until('the view', (reader) => reader.events().length === 1)
      await until('the wake for it', async () =>
        /cmdstat_publish:calls=[1-9]/.test(await seen((own) => own.info('commandstats'))),
      )
      await stream.close()
    } finally {
      await Promise.all([one.kill('SIGTERM'), other.kill('SIGTERM')])
    }
  })

  test('counts as away when nobody vouches for it', async () => {
    const { api } = stage.instance({ env: { REDIS_URL: url() } })
    const { status, text } = await api.call('GET', '/healthz')
    expect(status).toBe(503)
    expect(JSON.parse(text).checks).toMatchObject({ database: { status: 'ok' }, redis: { status: 'error' } })
  })
})
