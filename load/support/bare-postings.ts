import postgres from 'postgres'
import { buildApp } from '../../src/app'
import type { AppContext } from '../../src/context'
import type { Story, View } from '../../src/features/stories/schema'
import { newId } from '../../src/kernel/ids'
import type { Bench } from './bench'
import { type Captured, captureStatements } from './explain'

/** A statement of the service, with what to put into its parameters. */
type Bound = Readonly<{ text: string; params: readonly ((roles: Roles) => unknown)[] }>
type Roles = Readonly<Record<string, string>>

const TTL_MS = 24 * 3600 * 1000
/** Dates go as the text they are, as drizzle has it. */
const TIMESTAMPTZ_OID = 1184

const bind = ({ text, params }: Captured, known: Roles): Bound => ({
  text,
  params: params.map((value) => (typeof value === 'string' ? fill(value, known) : () => value)),
})

/** Puts a turn's own values where those of the captured request stood, alone or inside of JSON. */
function fill(captured: string, known: Roles): (roles: Roles) => string {
  const places = Object.entries(known).filter(([, value]) => captured.includes(value))
  return (roles) =>
    places.reduce((text, [role, value]) => text.replaceAll(value, roles[role] ?? ''), captured)
}

/** What the service sends for one story and for one view, noted while it answers the requests for both. */
async function captureBoth(bench: Bench, database: string, authorId: string, viewerId: string) {
  const answer = async <T>(ctx: AppContext, userId: string, path: string, body?: object): Promise<T> => {
    const answered = await buildApp(ctx).handle(
      new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${bench.tokenOf(userId)}`,
          'Content-Type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
      { address: '127.0.0.1', keepOpen: () => undefined },
    )
    if (!answered.ok) throw new Error(`${path} answered ${answered.status}: ${await answered.text()}`)
    return (await answered.json()) as T
  }
  let story: Story | undefined
  const create = await captureStatements(bench.env(database), async (ctx) => {
    story = await answer<Story>(ctx, authorId, '/stories', { text: 'a story of mine', visibility: 'public' })
  })
  if (story === undefined) throw new Error('No story was made')
  const storyId = story.id
  let now = ''
  const view = await captureStatements(bench.env(database), async (ctx) => {
    now = (await answer<View>(ctx, viewerId, `/stories/${storyId}/view`)).viewed_at
  })
  const made = { author: authorId, story: storyId, now: story.created_at, later: story.expires_at }
  return {
    create: create.map((item) => bind(item, made)),
    view: view.map((item) => bind(item, { viewer: viewerId, story: storyId, now })),
  }
}

/**
 * The yardstick of row 4: the statements that the service sends for a story and its views, sent by postgres.js alone as
 * prepared statements, in the same transactions.
 *
 * @returns how many stories and views a second went through
 */
export async function postWithoutHttp(
  bench: Bench,
  database: string,
  options: { people: readonly string[]; connections: number; seconds: number; viewsPerStory: number },
): Promise<{ perSecond: number; statements: string[] }> {
  const { people, connections, seconds, viewsPerStory } = options
  const { create, view } = await captureBoth(bench, database, people[0] ?? '', people[1] ?? '')
  const asIs = (value: unknown) => value as string
  const sql = postgres(bench.databaseUrl(database), {
    max: connections,
    fetch_types: false,
    onnotice: () => undefined,
    types: { moment: { to: TIMESTAMPTZ_OID, from: [TIMESTAMPTZ_OID], serialize: asIs, parse: asIs } },
  })
  const send = (runner: Pick<postgres.Sql, 'unsafe'>, { text, params }: Bound, roles: Roles) =>
    runner.unsafe(text, params.map((param) => param(roles)) as string[], { prepare: true })
  const isInsert = (bound: Bound) => /^insert/i.test(bound.text)
  const endsMs = performance.now() + seconds * 1000
  let done = 0
  const work = async (worker: number) => {
    for (let turn = 0; performance.now() < endsMs; turn++) {
      const first = worker * 7919 + turn * (viewsPerStory + 1)
      const at = Date.now()
      const story = newId()
      const made = {
        author: people[first % people.length] ?? '',
        story,
        now: new Date(at).toISOString(),
        later: new Date(at + TTL_MS).toISOString(),
      }
      for (const item of create.filter((bound) => !isInsert(bound))) await send(sql, item, made)
      await sql.begin(async (transaction) => {
        for (const item of create.filter(isInsert)) await send(transaction, item, made)
      })
      done++
      for (let i = 1; i <= viewsPerStory && performance.now() < endsMs; i++) {
        const viewer = people[(first + i) % people.length] ?? ''
        for (const item of view) await send(sql, item, { viewer, story, now: new Date().toISOString() })
        done++
      }
    }
  }
  const startedMs = performance.now()
  await Promise.all(Array.from({ length: connections }, (_, worker) => work(worker)))
  const perSecond = (done / (performance.now() - startedMs)) * 1000
  await sql.end({ timeout: 1 })
  return { perSecond, statements: [...create, ...view].map((item) => item.text) }
}
