import { expect, test } from 'bun:test'
import type { Story } from '../../src/features/stories/schema'
import { useStage } from '../support/context'
import { cast } from '../support/crowd'
import { askForUpload, PNG, put, uploadMedia } from '../support/media'

/** What is stored is what was declared, and stays it; the bucket answers nobody without a signature. */

const stage = useStage()
const EVIL = new TextEncoder()
  .encode('<script>alert(1)</script>'.padEnd(PNG.length, ' '))
  .slice(0, PNG.length)
const bytesOf = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer())

test('a claimed object cannot be swapped by a second PUT', async () => {
  const [ava] = await cast(stage.instance(), 'ava')
  const asked = await askForUpload(ava, 'image/png', PNG.length)
  expect(await put(asked, PNG)).toBe(200)
  const story = (await ava.post('/stories', { media_key: asked.media_key, visibility: 'public' })).as<Story>(
    201,
  )
  expect(await put(asked, EVIL)).toBe(412)
  expect(await bytesOf(story.media_url ?? '')).toEqual(PNG)
})

test('of PUTs racing each other and the claim one is stored, and what was claimed stays', async () => {
  const [ava] = await cast(stage.instance(), 'ava')
  for (let round = 0; round < 5; round++) {
    const asked = await askForUpload(ava, 'image/png', PNG.length)
    const claim = () => ava.post('/stories', { media_key: asked.media_key, visibility: 'public' })
    const [codes, early] = await Promise.all([
      Promise.all([put(asked, PNG), put(asked, EVIL), put(asked, PNG), put(asked, EVIL)]),
      claim(),
    ])
    // An object that was found to be no image is gone, and the URL may then store once more what nobody can claim.
    const stored = codes.filter((code) => code === 200).length
    expect(stored).toBeLessThanOrEqual(early.code === 'media_content_mismatch' ? 2 : 1)
    expect(stored).toBeGreaterThanOrEqual(1)
    const answer = early.status === 201 ? early : await claim()
    // The one that was stored decides: an image is claimed and stays, anything else is refused.
    if (answer.status === 201) {
      expect(await put(asked, EVIL)).toBe(412)
      expect(await bytesOf(answer.as<Story>(201).media_url ?? '')).toEqual(PNG)
    } else {
      expect(answer.status).toBe(422)
      expect(['media_content_mismatch', 'media_not_found']).toContain(answer.code ?? '')
    }
  }
})

test('the bucket gives and takes nothing without a signature', async () => {
  const [ava] = await cast(stage.instance(), 'ava')
  const key = await uploadMedia(ava)
  const { media_url } = (await ava.post('/stories', { media_key: key, visibility: 'public' })).as<Story>(201)
  const bare = new URL(media_url ?? '')
  bare.search = ''
  const bucket = new URL(bare.href.slice(0, bare.href.indexOf(key)))
  for (const [method, url] of [
    ['GET', bare],
    ['HEAD', bare],
    ['DELETE', bare],
    ['PUT', bare],
    ['GET', bucket],
    ['GET', new URL('?list-type=2', bucket)],
  ] as const) {
    const answer = await fetch(url, { method, ...(method === 'PUT' ? { body: EVIL } : {}) })
    expect(`${method} ${answer.status}`).toBe(`${method} 403`)
  }
})

test('a URL for reading is of no use for writing or removing', async () => {
  const [ava] = await cast(stage.instance(), 'ava')
  const key = await uploadMedia(ava)
  const { media_url } = (await ava.post('/stories', { media_key: key, visibility: 'public' })).as<Story>(201)
  for (const method of ['PUT', 'POST', 'DELETE']) {
    const answer = await fetch(media_url ?? '', { method, ...(method === 'DELETE' ? {} : { body: EVIL }) })
    expect(answer.status).toBeGreaterThanOrEqual(400)
  }
  expect(await bytesOf(media_url ?? '')).toEqual(PNG)
})
