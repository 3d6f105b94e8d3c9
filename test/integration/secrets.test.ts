import { afterAll, expect, test } from 'bun:test'
import type { Session } from '../../src/features/accounts/schema'
import type { Story } from '../../src/features/stories/schema'
import { type Answer, createRemoteApi } from '../support/api'
import { useStage } from '../support/context'
import { askForUpload, PNG, put } from '../support/media'
import { personOf } from '../support/people'
import { runWorkerOnce, type ServiceProcess, startApi } from '../support/processes'

/** The whole journey with marker values, which are then looked for wherever they do not belong. */

const stage = useStage()
let api: ServiceProcess | null = null
afterAll(async () => void (await api?.kill('SIGKILL')))

const PASSWORD = 'marker-password-9f31c7'
const EMAIL = 'marker.mailbox.5b2e@example.com'
const SECRET = 'marker-jwt-secret-marker-jwt-secret-77'

test('passwords, tokens, signed queries and emails are in no log, metric, error, cache or table that is not theirs', async () => {
  const env: Record<string, string> = { ...stage.env(), JWT_SECRET: SECRET }
  api = await startApi({ ...env, LOG_LEVEL: 'debug' })
  const remote = createRemoteApi(api.url)
  const call = remote.call
  const errors: Answer[] = []
  const wrong = async (method: string, path: string, options = {}) =>
    errors.push(await call(method, path, options))

  const session = (
    await call('POST', '/auth/signup', { body: { email: EMAIL, password: PASSWORD } })
  ).as<Session>(201)
  const login = (
    await call('POST', '/auth/login', { body: { email: EMAIL, password: PASSWORD } })
  ).as<Session>(200)
  const refreshed = (
    await call('POST', '/auth/refresh', { body: { refresh_token: login.refresh_token } })
  ).as<Session>(200)
  const ava = personOf(remote, session)
  const ben = (
    await call('POST', '/auth/signup', {
      body: { email: 'ben.secrets@example.com', password: 'another password' },
    })
  ).as<Session>(201)
  const asked = await askForUpload(ava, 'image/png', PNG.length)
  expect(await put(asked, PNG)).toBe(200)
  const story = (await ava.post('/stories', { media_key: asked.media_key, visibility: 'public' })).as<Story>(
    201,
  )
  const other = personOf(remote, ben)
  const shown = [
    await other.get('/feed'),
    await other.get(`/stories/${story.id}`),
    await other.get(`/users/${ava.id}`),
    await other.get('/users?q=marker'),
    await other.post(`/stories/${story.id}/view`),
    await ava.get(`/stories/${story.id}/viewers`),
  ]
  const stream = await fetch(`${api.url}/events?access_token=${ava.token}`)
  await stream.body?.getReader().read()
  await stream.body?.cancel().catch(() => undefined)

  await wrong('POST', '/auth/signup', { body: { email: EMAIL, password: PASSWORD } })
  await wrong('POST', '/auth/login', { body: { email: EMAIL, password: `${PASSWORD}x` } })
  await wrong('POST', '/auth/login', { body: { email: EMAIL, password: PASSWORD, [PASSWORD]: 1 } })
  await wrong('POST', '/auth/login', { body: `{"email":"${EMAIL}","password":"${PASSWORD}"` })
  await wrong('POST', '/auth/login', { body: { email: [EMAIL], password: { PASSWORD } } })
  await wrong('GET', `/nowhere?access_token=${ava.token}&password=${PASSWORD}`)
  await wrong('GET', '/me', { token: `${ava.token}x` })
  await wrong('POST', '/auth/refresh', { body: { refresh_token: login.refresh_token } })
  await wrong('GET', `/events?access_token=${ava.token}x`)

  const metrics = (await call('GET', '/metrics')).text
  const worker = await runWorkerOnce(env)
  await api.kill('SIGTERM')
  const logs = [...api.output, ...worker.lines.map((line) => JSON.stringify(line))].join('\n')
  expect(logs).toContain('story_created')

  const signatures = [asked.upload.url, story.media_url ?? ''].map((url) =>
    new URL(url).searchParams.get('X-Amz-Signature'),
  )
  const tokens = [session, login, refreshed].flatMap((item) => [item.access_token, item.refresh_token])
  const never = [PASSWORD, SECRET, env.S3_SECRET_ACCESS_KEY ?? 'none', ...tokens, ...signatures.map(String)]
  const tables = await readTables()
  const cached = await readCache()
  const places: Record<string, string> = {
    logs,
    metrics,
    errors: errors.map(({ text }) => text).join('\n'),
    'other people’s answers': shown.map(({ text }) => text).join('\n'),
    'users.email aside, the database': tables,
  }
  // A bad field is named by its path; what a caller made its name comes back to that caller alone.
  places.errors = (places.errors ?? '').replaceAll(/"(field|detail)":"[^"]*"|"message":"[^"]*"/g, '')
  const found: string[] = []
  for (const [place, text] of Object.entries(places)) {
    for (const secret of never) {
      const isReadUrl = place.includes('answers') && signatures.includes(secret)
      if (!isReadUrl && text.includes(secret)) found.push(`${place} has ${secret.slice(0, 24)}`)
    }
    if (text.toLowerCase().includes(EMAIL)) found.push(`${place} has the email`)
  }
  for (const secret of [PASSWORD, SECRET, EMAIL, ...tokens])
    if (cached.includes(secret)) found.push(`Redis has ${secret}`)
  expect(found).toEqual([])
})

/** Every row of every table as text; emails where they belong are left out. */
async function readTables(): Promise<string> {
  const { sql } = stage.database()
  const names = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`
  const texts: string[] = []
  for (const { name } of names) {
    const rows = await sql<{ row: Record<string, unknown> }[]>`select to_jsonb(t) as row from ${sql(name)} t`
    for (const { row } of rows) {
      if (name === 'users') delete row.email
      // The kept answer of a keyed post is that caller's own.
      texts.push(`${name} ${JSON.stringify(row)}`)
    }
  }
  return texts.join('\n')
}

async function readCache(): Promise<string> {
  const redis = stage.redis()
  const texts: string[] = []
  for (const key of await stage.redisKeys('')) {
    const kind = await redis.type(key)
    const value =
      kind === 'string'
        ? await redis.get(key)
        : kind === 'hash'
          ? JSON.stringify(await redis.hgetall(key))
          : kind === 'set'
            ? (await redis.smembers(key)).join(' ')
            : (await redis.zrange(key, '0', '-1')).join(' ')
    texts.push(`${key} ${value}`)
  }
  return texts.join('\n')
}
