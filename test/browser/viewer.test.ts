import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import type { NewStory, Story } from '../../web/api-types.ts'
import { drawPicture, recordVideo } from './support/files.ts'
import { makePerson, type Person } from './support/people.ts'
import { PHONE, setStage, untilLive } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

type Place = { media_key: string; upload: { url: string; headers: Record<string, string> } }

async function postMedia(person: Person, bytes: Buffer, type: string): Promise<Story> {
  const size = bytes.length
  const place = await person.call<Place>('POST', '/media/uploads', { content_type: type, size })
  const put = await fetch(place.upload.url, {
    method: 'PUT',
    headers: place.upload.headers,
    body: new Uint8Array(bytes),
  })
  if (!put.ok) throw new Error(`the bucket answered ${put.status}`)
  return person.post({ media_key: place.media_key } satisfies Partial<NewStory>)
}

const pair = () => Promise.all([makePerson(stage.url(), 'shows'), makePerson(stage.url(), 'looks')])
const viewer = (page: Page) => page.getByRole('dialog')
const shown = (page: Page, text: string) => viewer(page).locator('.face-text').getByText(text).waitFor()
const closed = (page: Page) => viewer(page).waitFor({ state: 'detached' })

describe('what is not seen', () => {
  test('counts as no view: a picture that could not be loaded', async () => {
    const [author, person] = await pair()
    const page = await stage.visit(person)
    const broken = await postMedia(author, await drawPicture(page), 'image/png')
    const next = await author.post({ text: 'The one after it' })
    await page.context().route(/X-Amz-Signature/, (route) => route.abort())
    const viewed: string[] = []
    page.on('request', (request) => {
      if (request.url().endsWith('/view')) viewed.push(request.url().split('/').at(-2) ?? '')
    })
    await page.goto(`${stage.url()}/#story/${broken.id}`)
    await viewer(page).getByText('This one could not be loaded.').waitFor()
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    const recorded = page.waitForResponse((answer) => answer.url().endsWith(`/${next.id}/view`))
    await page.keyboard.press('ArrowRight')
    await recorded
    expect(viewed).toEqual([next.id])
  })

  test('of an author with very many stories comes first, behind the first hundred', async () => {
    const [author, person] = await pair()
    const ids: string[] = []
    for (let n = 0; n < 102; n += 1) ids.push((await author.post({ text: `Number ${n} of many` })).id)
    for (const id of ids.slice(0, 101)) await person.call('POST', `/stories/${id}/view`)
    const page = await stage.visit(person, { path: `/#author/${author.session.user.id}` })
    await shown(page, 'Number 101 of many')
  })
})

test('sound is turned on also for a video that was fetched again', async () => {
  const [author, person] = await pair()
  const page = await stage.visit(person)
  const story = await postMedia(author, await recordVideo(page), 'video/webm')
  let fetched = 0
  await page
    .context()
    .route(/X-Amz-Signature/, (route) =>
      fetched++ === 0 ? route.fulfill({ status: 403, body: 'run out' }) : route.continue(),
    )
  await page.goto(`${stage.url()}/#story/${story.id}`)
  await page.waitForFunction(
    () => (document.querySelector<HTMLVideoElement>('.stage video')?.readyState ?? 0) > 1,
  )
  await viewer(page).getByRole('button', { name: 'Pause' }).click()
  await viewer(page).getByRole('button', { name: 'Turn sound on' }).click()
  expect(
    await viewer(page)
      .locator('video')
      .evaluate((video: HTMLVideoElement) => video.muted),
  ).toBe(false)
})

describe('closing', () => {
  test('stays on the page, also where the browser’s own back led to the link that it was opened by', async () => {
    const [author, person] = await pair()
    const story = await author.post({ text: 'Linked to' })
    const page = await stage.visit(person, { path: `/#story/${story.id}` })
    await shown(page, 'Linked to')
    await page.keyboard.press('Escape')
    await closed(page)
    await page.getByRole('link', { name: 'People', exact: true }).click()
    await page.getByRole('heading', { name: 'People', exact: true }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Newest' }).waitFor()
    await page.goBack()
    await shown(page, 'Linked to')
    await viewer(page).getByRole('button', { name: 'Close', exact: true }).click()
    await closed(page)
    expect(page.url()).toStartWith(stage.url())
  })

  test('twice at once leaves the viewer alone, and not the screen below it', async () => {
    const [author, person] = await pair()
    await author.post({ text: 'Closed twice' })
    const page = await stage.visit(person)
    await page.getByRole('link', { name: 'People', exact: true }).click()
    await page.getByRole('heading', { name: 'People', exact: true }).waitFor()
    await page.getByRole('link', { name: 'Home', exact: true }).click()
    await page.getByRole('link', { name: /Closed twice/ }).click()
    await shown(page, 'Closed twice')
    await viewer(page).evaluate((element) => {
      for (let i = 0; i < 2; i += 1)
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    })
    await closed(page)
    await page.goForward()
    await shown(page, 'Closed twice')
  })
})

describe('keys are heard', () => {
  test('after a notice was dismissed', async () => {
    const [author, person] = await pair()
    const story = await author.post({ text: 'Seen by somebody' })
    const page = await stage.visit(author, { path: `/#story/${story.id}` })
    await untilLive(page)
    await shown(page, 'Seen by somebody')
    await viewer(page).getByRole('button', { name: 'Pause' }).click()
    await person.call('POST', `/stories/${story.id}/view`)
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await page.keyboard.press('Escape')
    await closed(page)
  })

  test('after a list that did not load was asked for again', async () => {
    const [author] = await pair()
    const story = await author.post({ text: 'Whose viewers do not load' })
    const page = await stage.visit(author, { path: `/#story/${story.id}` })
    await shown(page, 'Whose viewers do not load')
    await page.route('**/viewers**', (route) => route.abort())
    await viewer(page)
      .getByRole('button', { name: /^Seen by/ })
      .click()
    const again = viewer(page).getByRole('button', { name: 'Try again' })
    await again.waitFor()
    await page.unroute('**/viewers**')
    await again.click()
    await page.getByText('Nobody').or(viewer(page).locator('.empty h2')).first().waitFor()
    await page.keyboard.press('Escape')
    await closed(page)
  })
})

test('words that are longer than the screen are dragged by a finger, and turned by a wheel', async () => {
  const [author, person] = await pair()
  const lines = Array.from({ length: 100 }, (_, n) => `l${n}`)
  const story = await author.post({ text: lines.join('\n') })
  const page = await stage.visit(person, { ...PHONE, path: `/#story/${story.id}` })
  const text = viewer(page).locator('.face-text')
  await text.waitFor()
  const scrolled = () => text.evaluate((element) => element.scrollTop)
  await page.mouse.move(180, 500)
  await page.mouse.down()
  await page.mouse.move(180, 200, { steps: 5 })
  await page.mouse.up()
  expect(await scrolled()).toBe(300)
  await page.mouse.wheel(0, 100)
  await page.waitForFunction(() => (document.querySelector('.stage .face-text')?.scrollTop ?? 0) > 300)
  await page.mouse.move(180, 200)
  await page.mouse.down()
  await page.mouse.move(180, 500, { steps: 5 })
  await page.mouse.up()
  expect(await scrolled()).toBeLessThan(400)
  // It was no swipe that leaves, and no tap that goes on.
  expect(await viewer(page).count()).toBe(1)
})
