import { describe, expect, test } from 'bun:test'
import { newId } from '../../src/kernel/ids'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { uploadMedia } from '../support/media'

/** Story, audience, media claim and idempotency record are there together or not at all. */

const stage = useStage()

/** Makes the database break in the middle of the service's transaction, for as long as the work takes. */
async function whenInserting<T>(table: string, happens: string, work: () => Promise<T>): Promise<T> {
  const { sql } = stage.database()
  await sql.unsafe(`
    create function mishap() returns trigger language plpgsql as $$ begin ${happens}; return null; end $$;
    create trigger mishap after insert on ${table} for each row execute function mishap()`)
  try {
    return await work()
  } finally {
    await sql.unsafe(`drop trigger mishap on ${table}; drop function mishap()`)
  }
}

async function makeRequest() {
  const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
  const mediaKey = await uploadMedia(ava)
  const body = { text: 'hi', media_key: mediaKey, visibility: 'friends', audience_user_ids: [ben.id] }
  return { ava, ben, mediaKey, body, post: () => ava.post('/stories', body, { 'Idempotency-Key': 'k1' }) }
}

async function remains(authorId: string, mediaKey: string) {
  const { sql } = stage.database()
  const [row] = await sql<Record<string, unknown>[]>`
    select (select count(*)::int from stories where author_id = ${authorId}) as stories,
      (select count(*)::int from story_audience a join stories s on s.id = a.story_id where s.author_id = ${authorId}) as audience,
      (select count(*)::int from idempotency_keys where user_id = ${authorId}) as keys,
      (select state from media_uploads where media_key = ${mediaKey}) as media,
      (select coalesce(sum(posted), 0)::int from author_days where author_id = ${authorId}) as posted`
  return row
}

const NOTHING = { stories: 0, audience: 0, keys: 0, media: 'pending', posted: 0 }
const ALL = { stories: 1, audience: 1, keys: 1, media: 'claimed', posted: 1 }

describe('a post that fails half-way leaves nothing and can be tried again', () => {
  test('when keeping its answer fails', async () => {
    const { ava, mediaKey, post } = await makeRequest()
    const failed = await whenInserting('idempotency_keys', `raise exception 'no more keys'`, post)
    expect([failed.status, failed.code]).toEqual([500, 'internal'])
    expect(failed.text).not.toContain('no more keys')
    expect(await remains(ava.id, mediaKey)).toEqual(NOTHING)
    expect((await post()).status).toBe(201)
    expect(await remains(ava.id, mediaKey)).toEqual(ALL)
  })

  test('when its audience cannot be written', async () => {
    const { ava, mediaKey, post } = await makeRequest()
    const failed = await whenInserting(
      'story_audience',
      `raise exception 'disk full' using errcode = '53100'`,
      post,
    )
    expect([failed.status, failed.code]).toEqual([503, 'unavailable'])
    expect(await remains(ava.id, mediaKey)).toEqual(NOTHING)
    expect((await post()).status).toBe(201)
  })

  test('when somebody it is for is removed meanwhile', async () => {
    const { ava, ben, mediaKey, post } = await makeRequest()
    const failed = await whenInserting('stories', `delete from users where id = '${ben.id}'`, post)
    expect([failed.status, failed.code]).toEqual([422, 'unknown_user'])
    expect(await remains(ava.id, mediaKey)).toEqual(NOTHING)
  })

  test('when its media is taken meanwhile', async () => {
    const { ava, mediaKey, post } = await makeRequest()
    const taken = `update media_uploads set state = 'claimed' where media_key = '${mediaKey}'`
    const failed = await whenInserting('stories', taken, post)
    expect([failed.status, failed.code]).toEqual([422, 'media_already_used'])
    expect(await remains(ava.id, mediaKey)).toEqual(NOTHING)
  })
})

describe('an audience', () => {
  test('of nobody who exists is refused, and nothing is stored', async () => {
    const { ava, ben, body } = await makeRequest()
    const answer = await ava.post('/stories', { ...body, audience_user_ids: [ben.id, newId()] })
    expect([answer.status, answer.code]).toEqual([422, 'unknown_user'])
    expect(await ava.all('/me/stories')).toEqual([])
  })

  test('goes with friends stories only', async () => {
    const { ava, body } = await makeRequest()
    for (const visibility of ['public', 'private']) {
      const answer = await ava.post('/stories', { ...body, visibility })
      expect([answer.status, answer.code]).toEqual([422, 'audience_not_allowed'])
    }
  })

  test('of the author alone, or with the author among others, is for the others exactly', async () => {
    const [ava, ben, cleo] = await cast(stage.instance(), 'ava', 'ben', 'cleo')
    await cleo.follow(ava)
    const own = await ava.tell({ visibility: 'friends', audience_user_ids: [ava.id] })
    const shared = await ava.tell({
      visibility: 'friends',
      audience_user_ids: [ben.id, ava.id, ben.id.toUpperCase()],
    })
    const sees = async (person: typeof ava) =>
      Promise.all([own, shared].map(async ({ id }) => (await person.get(`/stories/${id}`)).status))
    expect(await sees(ava)).toEqual([200, 200])
    expect(await sees(ben)).toEqual([404, 200])
    expect(await sees(cleo)).toEqual([404, 404])
  })

  test('of 500 is stored whole', async () => {
    const { sql } = stage.database()
    const [ava] = await cast(stage.instance(), 'ava')
    const rows = await sql<{ id: string }[]>`
      insert into users (email, password_hash) select 'mass' || n || '@example.com', 'x' from generate_series(1, 500) n returning id`
    const story = await ava.tell({ visibility: 'friends', audience_user_ids: rows.map(({ id }) => id) })
    const [count] = await sql`select count(*)::int as n from story_audience where story_id = ${story.id}`
    expect(count?.n).toBe(500)
  })
})
