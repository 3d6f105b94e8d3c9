import { describe, expect, test } from 'bun:test'
import { cleanUp } from '../../src/features/housekeeping/clean-up'
import type { Story } from '../../src/features/stories/schema'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { askForUpload, PNG, put, uploadMedia } from '../support/media'
import { createSteeredClock, DAY, HOUR } from '../support/steered-clock'

/** Uploads against the real store: what a URL takes, and what a story may claim. */

const stage = useStage()
const claim = { visibility: 'public' }

describe('an upload URL', () => {
  test('takes the promised type and size, once', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    const asked = await askForUpload(ava, 'image/png', PNG.length)
    expect(asked.upload.headers).toEqual({ 'Content-Type': 'image/png', 'If-None-Match': '*' })
    const { headers } = asked.upload
    expect(await put(asked, PNG, { ...headers, 'Content-Type': 'text/html' })).toBe(403)
    expect(await put(asked, PNG.slice(1))).toBe(403)
    expect(await put(asked, new Uint8Array([...PNG, 0]))).toBe(403)
    expect(await put(asked, PNG, { 'Content-Type': 'image/png' })).toBeGreaterThanOrEqual(400)
    expect(await put(asked, PNG)).toBe(200)
    expect(await put(asked, PNG)).toBe(412)
  })

  test('does not work for another key', async () => {
    const [ava] = await cast(stage.instance(), 'ava')
    const first = await askForUpload(ava, 'image/png', PNG.length)
    const second = await askForUpload(ava, 'image/png', PNG.length)
    const url = first.upload.url.replace(first.media_key, second.media_key)
    expect(url).not.toBe(first.upload.url)
    expect(await put({ ...first, upload: { ...first.upload, url } }, PNG)).toBe(403)
  })

  test('is not given for a type or size that is not allowed', async () => {
    const [ava] = await cast(stage.instance({ env: { MEDIA_MAX_BYTES: '1000' } }), 'ava')
    const ask = (content_type: string, size: number) => ava.post('/media/uploads', { content_type, size })
    for (const type of ['image/svg+xml', 'text/html', 'application/octet-stream', 'image/PNG; x=1']) {
      expect([type, (await ask(type, 10)).code]).toEqual([type, 'media_type_not_allowed'])
    }
    expect((await ask('image/png', 1001)).code).toBe('media_too_large')
    expect((await ask('image/png', 0)).code).toBe('validation_failed')
    expect((await ask('image/png', 1000)).status).toBe(201)
  })
})

describe('a story', () => {
  test('shows its media by a URL that reads the very bytes', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const story = await ava.tell({ media_key: await uploadMedia(ava) })
    const seen = (await ben.get(`/stories/${story.id}`)).as<Story>()
    expect(seen.media_type).toBe('image/png')
    const response = await fetch(seen.media_url ?? '')
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(PNG)
  })

  test('cannot claim what is not there, is another’s, or is used', async () => {
    const [ava, ben] = await cast(stage.instance(), 'ava', 'ben')
    const codeOf = async (person: typeof ava, media_key: string) => {
      const answer = await person.post('/stories', { ...claim, media_key })
      return [answer.status, answer.code]
    }
    const { media_key: empty } = await askForUpload(ava, 'image/png', PNG.length)
    expect(await codeOf(ava, empty)).toEqual([422, 'media_not_uploaded'])
    const key = await uploadMedia(ava)
    expect(await codeOf(ben, key)).toEqual([422, 'media_not_found'])
    expect(
      await codeOf(
        ava,
        key.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
    ).toEqual([422, 'media_not_found'])
    for (const key of ['../secret', 'media/x/y', '']) {
      expect((await ava.post('/stories', { ...claim, media_key: key })).status).toBe(422)
    }
    await ava.tell({ media_key: key })
    expect(await codeOf(ava, key)).toEqual([422, 'media_already_used'])
    expect(await codeOf(ben, key)).toEqual([422, 'media_not_found'])
  })

  test('refuses a page of HTML that says it is an image, and removes it', async () => {
    const { api, ctx, database } = stage.instance()
    const [ava] = await cast({ api, ctx, database }, 'ava')
    const page = new TextEncoder().encode('<!doctype html><script>alert(1)</script>')
    const key = await uploadMedia(ava, page)
    const answer = await ava.post('/stories', { ...claim, media_key: key })
    expect([answer.status, answer.code]).toEqual([422, 'media_content_mismatch'])
    expect(await ctx.objects.readStart(key)).toBeNull()
    expect((await ava.post('/stories', { ...claim, media_key: key })).code).toBe('media_not_found')
  })

  test('alone gets a key that many claim at once, at several instances', async () => {
    const first = stage.instance()
    const second = stage.instance()
    const [ava] = await cast(first, 'ava')
    const key = await uploadMedia(ava)
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        ava.at(i % 2 ? first.api : second.api).post('/stories', { ...claim, media_key: key }),
      ),
    )
    const codes = answers.map(({ status, code }) => code ?? status).sort()
    expect(codes).toEqual([201, ...Array.from({ length: 11 }, () => 'media_already_used')])
    expect(await ava.all('/me/stories')).toHaveLength(1)
  })
})

describe('an upload that nobody claims', () => {
  test('is given up after a day and taken out of the store, row and all', async () => {
    const clock = createSteeredClock()
    const { api, ctx, database } = stage.instance({ clock })
    const [ava] = await cast({ api, ctx, database }, 'ava')
    const key = await uploadMedia(ava)
    clock.advanceMs(DAY - HOUR)
    await cleanUp(ctx)
    expect(await ctx.objects.readStart(key)).not.toBeNull()
    clock.advanceMs(2 * HOUR)
    await cleanUp(ctx)
    expect(await ctx.objects.readStart(key)).toBeNull()
    expect(await database.sql`select 1 from media_uploads where media_key = ${key}`).toHaveLength(0)
  })

  test('is either claimed or removed when both are tried at once, never both', async () => {
    const clock = createSteeredClock()
    const { api, ctx, database } = stage.instance({ clock })
    const worker = stage.realContext({ clock })
    const [ava] = await cast({ api, ctx, database }, 'ava')
    const keys: string[] = []
    for (let i = 0; i < 10; i++) keys.push(await uploadMedia(ava))
    clock.advanceMs(DAY + HOUR)
    const later = ava.with(ctx.tokens.sign(ava.id))
    const claims = keys.map((media_key) => later.post('/stories', { ...claim, media_key }))
    const [answers] = await Promise.all([Promise.all(claims), cleanUp(worker), cleanUp(ctx)])
    await cleanUp(worker)
    for (const [i, answer] of answers.entries()) {
      const isThere = (await ctx.objects.readStart(keys[i] ?? '')) !== null
      expect([answer.status, isThere]).toEqual([isThere ? 201 : 422, isThere])
    }
  })
})
