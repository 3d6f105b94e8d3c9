import { describe, expect, test } from 'bun:test'
import { expireStories } from '../../src/features/expiry/expire-stories'
import { cleanUp } from '../../src/features/housekeeping/clean-up'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { statsOf } from '../support/facts'
import { askForUpload, PNG, put, uploadMedia } from '../support/media'
import { signUp } from '../support/people'
import { createSteeredClock, DAY, HOUR, MINUTE } from '../support/steered-clock'

/** Housekeeping: what has served its time goes, from the tables and from the store. */

const stage = useStage()
const countOf = async (table: string) => {
  const [row] = await stage.database().sql.unsafe(`select count(*)::int as n from ${table}`)
  return row?.n
}

describe('the media of a story', () => {
  test('that expired is taken out of the store, row and all', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const { ctx } = instance
    const [ava] = await cast(instance, 'ava')
    const key = await uploadMedia(ava)
    await ava.tell({ media_key: key })
    await cleanUp(ctx)
    expect(await ctx.objects.readStart(key)).not.toBeNull()
    clock.advanceMs(DAY)
    await expireStories(ctx)
    await cleanUp(ctx)
    expect(await ctx.objects.readStart(key)).toBeNull()
    expect(await stage.database().sql`select 1 from media_uploads where media_key = ${key}`).toHaveLength(0)
  })

  test('that was deleted is removed at once, and what a late upload puts there again later', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const { ctx } = instance
    const [ava] = await cast(instance, 'ava')
    const asked = await askForUpload(ava, 'image/png', PNG.length)
    await put(asked, PNG)
    const story = await ava.tell({ media_key: asked.media_key })
    ;(await ava.delete(`/stories/${story.id}`)).as(204)
    await cleanUp(ctx)
    expect(await ctx.objects.readStart(asked.media_key)).toBeNull()
    // The object is gone, so the URL takes it once more until it runs out.
    expect(await put(asked, PNG)).toBe(200)
    expect((await ava.post('/stories', { visibility: 'public', media_key: asked.media_key })).code).toBe(
      'media_not_found',
    )
    const rows = async () =>
      (await stage.database().sql`select 1 from media_uploads where media_key = ${asked.media_key}`).length
    // One that was begun in time may still be sent long after that.
    clock.advanceMs(HOUR)
    await cleanUp(ctx)
    expect([await ctx.objects.readStart(asked.media_key), await rows()]).toEqual([null, 1])
    clock.advanceMs(10 * MINUTE)
    await cleanUp(ctx)
    expect(await rows()).toBe(0)
  })

  test('that is still active stays, however old it is', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock, env: { STORY_TTL_SECONDS: String(3 * 86_400) } })
    const [ava] = await cast(instance, 'ava')
    const key = await uploadMedia(ava)
    await ava.tell({ media_key: key })
    clock.advanceMs(2 * DAY)
    await expireStories(instance.ctx)
    await cleanUp(instance.ctx)
    expect(await instance.ctx.objects.readStart(key)).not.toBeNull()
  })

  test('of a user who was removed goes too', async () => {
    const clock = createSteeredClock()
    const instance = stage.instance({ clock })
    const { ctx } = instance
    const [ava] = await cast(instance, 'ava')
    const claimed = await uploadMedia(ava)
    const unclaimed = await uploadMedia(ava)
    await ava.tell({ media_key: claimed })
    await stage.database().sql`delete from users where id = ${ava.id}`
    clock.advanceMs(DAY + HOUR)
    await cleanUp(ctx)
    expect(await ctx.objects.readStart(unclaimed)).toBeNull()
    expect(await ctx.objects.readStart(claimed)).toBeNull()
  })
})

test('ended stories go for good after RETENTION_DAYS, with their views and reactions, while stats stay', async () => {
  const clock = createSteeredClock()
  const instance = stage.instance({ clock, env: { RETENTION_DAYS: '8' } })
  const { ctx } = instance
  const [ava, ben] = await cast(instance, 'ava', 'ben')
  await stage.database().sql`delete from stories`
  const gone = await ava.tell({ visibility: 'friends', audience_user_ids: [ben.id] })
  ;(await ben.post(`/stories/${gone.id}/view`)).as(200)
  ;(await ben.post(`/stories/${gone.id}/reactions`, { emoji: '🔥' })).as(201)
  ;(await ava.delete(`/stories/${gone.id}`)).as(204)
  const tables = ['stories', 'story_audience', 'story_views', 'reactions', 'story_counters']
  clock.advanceMs(8 * DAY - HOUR)
  await cleanUp(ctx)
  for (const table of tables) expect([table, await countOf(table)]).toEqual([table, 1])
  const author = ava.with(ctx.tokens.sign(ava.id))
  const young = await author.tell({})
  const before = await statsOf(author)
  clock.advanceMs(2 * HOUR)
  await cleanUp(ctx)
  for (const table of tables)
    expect([table, await countOf(table)]).toEqual([table, table === 'stories' ? 1 : 0])
  expect(await statsOf(author)).toMatchObject({ posted: before.posted, views: before.views })
  expect((await author.get(`/stories/${young.id}`)).status).toBe(200)
})

test('events go after a day and a margin, kept answers after a day, refresh tokens at their end', async () => {
  const clock = createSteeredClock()
  const instance = stage.instance({ clock, env: { REFRESH_TOKEN_TTL_SECONDS: String(2 * 86_400) } })
  const { ctx } = instance
  const ava = await signUp(instance.api, 'ava')
  const ben = await signUp(instance.api, 'ben')
  const { sql } = stage.database()
  await sql`truncate events, idempotency_keys`
  await sql`delete from refresh_tokens where user_id not in ${sql([ava.id, ben.id])}`
  const answer = await ava.post('/stories', { text: 'x', visibility: 'public' }, { 'Idempotency-Key': 'k' })
  const { id } = answer.as<{ id: string }>(201)
  ;(await ben.post(`/stories/${id}/view`)).as(200)
  ;(await instance.api.call('POST', '/auth/refresh', { body: { refresh_token: ava.refreshToken } })).as(200)
  const counts = async () => Promise.all(['events', 'idempotency_keys', 'refresh_tokens'].map(countOf))
  clock.advanceMs(DAY - MINUTE)
  await cleanUp(ctx)
  expect(await counts()).toEqual([1, 1, 3])
  clock.advanceMs(2 * MINUTE)
  await cleanUp(ctx)
  expect(await counts()).toEqual([1, 0, 3])
  clock.advanceMs(HOUR)
  await cleanUp(ctx)
  // A spent token stays as long as its family may be misused by it.
  expect(await counts()).toEqual([0, 0, 3])
  clock.advanceMs(DAY)
  await cleanUp(ctx)
  expect(await counts()).toEqual([0, 0, 0])
})

test('a backlog goes in one round, however large, with objects of one and the same moment', async () => {
  const clock = createSteeredClock()
  const instance = stage.instance({ clock, env: { WORKER_INTERVAL_SECONDS: '3600', RETENTION_DAYS: '8' } })
  const [ava] = await cast(instance, 'ava')
  const { sql } = stage.database()
  const [events, viewers, views, objects] = [20_500, 20_500, 3500, 700]
  const longAgo = new Date(clock.now().getTime() - 10 * DAY)
  const [story] = await sql`
    insert into stories (author_id, text, visibility, created_at, deleted_at)
    values (${ava.id}, 'old', 'public', ${longAgo}, ${longAgo}) returning id`
  await sql.begin(async (owner) => {
    await owner`set local session_replication_role = replica`
    await owner`insert into events (author_id, type, data, created_at)
      select ${ava.id}::uuid, 'story.viewed', '{}', ${longAgo} from generate_series(1, ${events}::int)`
    await owner`insert into author_viewers (author_id, viewer_id, last_day)
      select ${ava.id}::uuid, gen_random_uuid(), ${longAgo}::date from generate_series(1, ${viewers}::int)`
    await owner`insert into story_views (story_id, viewer_id, viewed_at)
      select ${story?.id}::uuid, gen_random_uuid(), ${longAgo} from generate_series(1, ${views}::int)`
    await owner`insert into media_uploads (media_key, content_type, size_bytes, state, created_at)
      select 'old/' || n, 'image/png', 1, 'removing', ${longAgo} from generate_series(1, ${objects}::int) n`
  })
  const removed = await cleanUp(instance.ctx)
  expect(removed).toMatchObject({ events, author_viewers: viewers, stories: 1, objects })
  expect(await countOf('events')).toBe(0)
  expect(await sql`select 1 from story_views where story_id = ${story?.id}`).toHaveLength(0)
  expect(await sql`select 1 from media_uploads where media_key like 'old/%'`).toHaveLength(0)
})

test('a store that does not answer keeps nothing else from being cleaned, and is asked again', async () => {
  const clock = createSteeredClock()
  const instance = stage.instance({ clock })
  const [ava] = await cast(instance, 'ava')
  const key = await uploadMedia(ava)
  clock.advanceMs(DAY + HOUR)
  const blind = stage.realContext({ clock, env: { S3_ENDPOINT: 'http://127.0.0.1:1' } })
  const { sql } = stage.database()
  await sql`insert into events (author_id, type, data, created_at) values (${ava.id}, 'story.viewed', '{}', now() - interval '3 days')`
  await cleanUp(blind)
  expect(await countOf('events')).toBe(0)
  expect(await sql`select state from media_uploads where media_key = ${key}`).toMatchObject([
    { state: 'removing' },
  ])
  await cleanUp(instance.ctx)
  expect(await instance.ctx.objects.readStart(key)).toBeNull()
})
