import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { type PostgresServer, startPostgres } from '../../dev/postgres.ts'
import { parseConfig } from '../../src/config'
import { type AppContext, createContext } from '../../src/context'
import { newId } from '../../src/kernel/ids'
import { migrateDatabase } from '../../src/platform/database/migrate'
import { STACK_START_MS_MAX, TEST_MS_MAX } from '../support/context'
import { serviceEnv, testStack } from '../support/services'
import { until } from '../support/until'

/** A database of its own that syncs to disk, and whose server is made to crash. */

setDefaultTimeout(TEST_MS_MAX)
const dir = mkdtempSync(join(tmpdir(), 'stories-crash-'))
let server: PostgresServer
let sql: postgres.Sql
let ctx: AppContext

beforeAll(async () => {
  chmodSync(dir, 0o711)
  server = await startPostgres({ dir, password: 'crash', throwAway: false, preferredPort: null })
  await migrateDatabase(server.url)
  sql = postgres(server.url, { max: 1, onnotice: () => undefined, backoff: () => 0.05 })
  const config = parseConfig({ ...serviceEnv(await testStack(), server.url), LOG_LEVEL: 'silent' })
  ctx = createContext(config, { service: 'crash', version: 'test', redisKeyPrefix: `crash-${newId()}` })
}, STACK_START_MS_MAX)

afterAll(async () => {
  await ctx?.close()
  await sql?.end({ timeout: 1 })
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

test('an author hears of all that was committed after a crash, though it gives numbers of transactions again', async () => {
  const [author, viewer] = [newId(), newId()]
  const stories = Array.from({ length: 5 }, newId)
  await sql`insert into users (id, email, handle, password_hash)
    values (${author}, 'a@example.com', 'author', '-'), (${viewer}, 'v@example.com', 'viewer', '-')`
  for (const id of stories)
    await sql`insert into stories (id, author_id, text, visibility, has_audience, created_at, expires_at)
      values (${id}, ${author}, 'seen', 'public', false, now(), now() + interval '1 day')`
  const heard: { storyId: string; xact: bigint }[] = []
  await ctx.hub.join({
    id: newId(),
    userId: author,
    endsAtMs: Number.POSITIVE_INFINITY,
    push: (_, { data, position }) =>
      void heard.push({ storyId: JSON.parse(data).story_id, xact: position.xact }),
    comment: () => undefined,
    close: () => undefined,
  })
  const view = async (storyId = '') => {
    const recorded = await ctx.recordView({ storyId, viewerId: viewer, viewedAt: new Date() })
    ctx.announce(recorded?.events)
  }

  await view(stories[0])
  // Refused, each of them uses a number up; the log of that is not on the disk when the server crashes.
  for (let i = 0; i < 2; i++)
    await sql`insert into follows (follower_id, followee_id) values (${viewer}, ${newId()})`.catch(
      () => undefined,
    )
  const [next] = await sql`select pg_snapshot_xmax(pg_current_snapshot())::text as xact`
  // The hub looks, as it would for anybody's event.
  ctx.announce([])
  await until('the first event', () => heard.length === 1)
  const [backend] = await sql`select pg_backend_pid() as pid`
  process.kill(Number(backend?.pid), 'SIGKILL')
  await until('the server to recover', () =>
    view(stories[1]).then(
      () => true,
      () => false,
    ),
  )
  for (const id of stories.slice(2)) await view(id)

  await until('all events', () => heard.length >= stories.length)
  expect(heard.map(({ storyId }) => storyId)).toEqual(stories)
  // Otherwise nothing was shown.
  expect(heard[1]?.xact).toBeLessThan(BigInt(next?.xact))
})
