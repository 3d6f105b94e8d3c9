/** `bun load/tries.ts`: what was tried, beside what it would replace; the table goes into docs/performance.md. */
import { createHmac } from 'node:crypto'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { StoryBody } from '../src/features/stories/schema'
import { pageOf } from '../src/http/schemas'
import { systemClock } from '../src/kernel/clock'
import { newId } from '../src/kernel/ids'
import type { Db } from '../src/platform/database/client'
import { createStatement, type Value } from '../src/platform/database/statement'
import { createTokens } from '../src/platform/tokens'
import { type Bench, withBench } from './support/bench'
import { interleave } from './support/interleave'
import { keepTries, type Try } from './support/result'
import { median, round } from './support/stats'
import { createStories, personId } from './support/world'

const TURNS = Number(process.env.BENCH_ROUNDS ?? 15)

/** Medians of both, asked in turn; `times` operations a turn. */
async function compare(
  tried: string,
  instead: string,
  verdict: string,
  arms: { tried: () => Promise<unknown>; instead: () => Promise<unknown> },
  times = 1,
): Promise<Try> {
  const ms = await interleave(arms, { turns: TURNS, warmUpTurns: 5 })
  const [a, b] = [median(ms.tried), median(ms.instead)]
  const found = { tried, instead, ratio: round(a / b, 3), triedMs: a / times, insteadMs: b / times, verdict }
  console.log(`${tried}: ${found.ratio} × of ${instead}`)
  return found
}

const each = (times: number, work: (i: number) => unknown) => async () => {
  for (let i = 0; i < times; i++) await work(i)
}

async function tryTokens(): Promise<Try> {
  const options = {
    secret: 'tries-tries-tries-tries-tries-tries',
    secretPrevious: null,
    ttlSeconds: 900,
    clock: systemClock,
  }
  const signer = createTokens(options)
  const tokens = Array.from({ length: 300 }, () => signer.sign(newId()))
  const known = createTokens(options)
  return compare(
    'a verified token is remembered',
    'the signature is checked each time',
    'kept',
    {
      tried: each(tokens.length, (i) => known.verify(tokens[i] ?? '')),
      instead: () => {
        const strange = createTokens(options)
        return each(tokens.length, (i) => strange.verify(tokens[i] ?? ''))()
      },
    },
    tokens.length,
  )
}

/** What a signature costs in this thread, and by way of WebCrypto's. */
async function trySignatures(): Promise<Try> {
  const secret = Buffer.from('tries-tries-tries-tries-tries-tries')
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', secret, hmac, false, ['sign'])
  const text = Buffer.alloc(300, 'x')
  return compare(
    'a token’s HMAC is made in this thread',
    'WebCrypto makes it in another',
    'kept (0076)',
    {
      tried: each(300, () => createHmac('sha256', secret).update(text).digest()),
      instead: each(300, () => crypto.subtle.sign(hmac, key, text)),
    },
    300,
  )
}

/** The look for a user that most requests begin with, less the sending. */
function tryStatements(): Promise<Try> {
  const nowhere = { unsafe: async () => [], options: { parsers: {}, serializers: {} } }
  const db: Db = drizzle({ client: nowhere as never })
  const byId = (id: Value) => sql`select id, handle from users where id = ${id}::uuid`
  const once = createStatement(['id'], ({ id }) => byId(id))
  const id = newId()
  return compare(
    'a statement’s text is put together once',
    'for each run, by drizzle',
    'kept for what is asked most (0077)',
    {
      tried: each(300, () => once(db, { id })),
      instead: each(300, () => db.execute(byId(id))),
    },
    300,
  )
}

async function tryPages(bench: Bench): Promise<Try[]> {
  const api = await bench.startApi('stories_10k')
  const headers = { Authorization: `Bearer ${bench.tokenOf(personId(1))}` }
  const text = await (await fetch(`${api.url}/feed`, { headers })).text()
  await api.stop()
  const page: object = JSON.parse(text)
  const bytes = new TextEncoder().encode(text)
  const schema = TypeCompiler.Compile(pageOf(StoryBody))
  if (!schema.Check(page)) throw new Error('the page does not match its schema')
  const write = each(500, async () => new Response(JSON.stringify(page)))
  return [
    await compare(
      'a page is kept as the bytes that leave',
      'it is written as JSON each time',
      'kept',
      {
        tried: each(500, async () => new Response(bytes)),
        instead: write,
      },
      500,
    ),
    await compare(
      'each answer is checked against its compiled schema before it is written',
      'it is only written',
      'dropped: what may leave is named in one place, and the fuzzing checks every answer',
      {
        tried: each(500, async () => schema.Check(page) && new Response(JSON.stringify(page))),
        instead: write,
      },
      500,
    ),
  ]
}

async function tryRedis(bench: Bench): Promise<Try> {
  const redis = new Bun.RedisClient(bench.redisUrl)
  const keys = Array.from({ length: 32 }, (_, i) => `tries:${i}`)
  const found = await compare(
    'the versions that 32 requests ask for at once are read by one command',
    'by a command each, in one pipeline',
    'kept',
    {
      tried: each(50, () => redis.send('MGET', keys)),
      instead: each(50, () => Promise.all(keys.map((key) => redis.send('MGET', [key])))),
    },
    50,
  )
  redis.close()
  return found
}

async function tryViews(bench: Bench): Promise<Try> {
  await bench.createDatabase('tries', 'stories_10k')
  const sql = postgres(bench.databaseUrl('tries'), { max: 1, onnotice: () => undefined })
  const stories = await sql<{ id: string; author_id: string }[]>`select id, author_id from stories limit 5000`
  let next = 0
  const pair = () => {
    const story = stories[next % stories.length] as (typeof stories)[number]
    return { story, viewer: personId(2000 + Math.floor(next++ / stories.length) * 100 + (next % 97)) }
  }
  const insertView = (run: postgres.Sql | postgres.TransactionSql, storyId: string, viewer: string) =>
    run`insert into story_views (story_id, viewer_id, viewed_at) values (${storyId}, ${viewer}, now())
        on conflict do nothing returning viewed_at`
  const insertEvent = (run: postgres.TransactionSql, authorId: string) =>
    run`insert into events (author_id, type, data, created_at) values (${authorId}, 'story.viewed', '{}', now())`
  const found = await compare(
    'a view and its event are one statement',
    'two statements in a transaction',
    'kept',
    {
      tried: each(50, () => {
        const { story, viewer } = pair()
        return sql`
          with v as (insert into story_views (story_id, viewer_id, viewed_at) values (${story.id}, ${viewer}, now())
            on conflict do nothing returning viewed_at)
          insert into events (author_id, type, data, created_at)
          select ${story.author_id}::uuid, 'story.viewed', '{}'::jsonb, now() from v`
      }),
      instead: each(50, () => {
        const { story, viewer } = pair()
        return sql.begin(async (transaction) => {
          await insertView(transaction, story.id, viewer)
          await insertEvent(transaction, story.author_id)
        })
      }),
    },
    50,
  )
  await sql.end({ timeout: 1 })
  return found
}

async function tryPasswords(): Promise<Try[]> {
  const hash = (memoryCost: number, timeCost: number) => () =>
    Bun.password.hash('correct horse battery', { algorithm: 'argon2id', memoryCost, timeCost })
  const used = hash(19_456, 2)
  return [
    await compare(
      'argon2id with 46 MiB, one pass',
      '19 MiB, two passes',
      'left: as strong (OWASP), and holds more memory',
      {
        tried: hash(47_104, 1),
        instead: used,
      },
    ),
    await compare(
      'argon2id with 64 MiB, three passes',
      '19 MiB, two passes',
      'left: a login would hold a core for longer than is needed',
      {
        tried: hash(65_536, 3),
        instead: used,
      },
    ),
  ]
}

await withBench(async (bench) => {
  await createStories(bench, 'stories_10k', 10_000)
  await keepTries([
    await tryTokens(),
    await trySignatures(),
    await tryStatements(),
    ...(await tryPages(bench)),
    await tryRedis(bench),
    await tryViews(bench),
    ...(await tryPasswords()),
  ])
})
process.exit(0)
