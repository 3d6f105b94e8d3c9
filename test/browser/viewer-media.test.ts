import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { drawPicture, recordVideo } from './support/files.ts'
import { makePerson, postMedia } from './support/people.ts'
import { PHONE, setStage } from './support/stage.ts'

const stage = setStage({ FEED_CACHE_SECONDS: '0' })

const pair = () => Promise.all([makePerson(stage.url(), 'shows'), makePerson(stage.url(), 'looks')])
const viewer = (page: Page) => page.getByRole('dialog')
const shown = (page: Page, text: string) => viewer(page).locator('.face-text').getByText(text).waitFor()

describe('a view', () => {
  test('counts for no picture that could not be loaded', async () => {
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

  test('counts once the story is seen, also when what came before it loads only then', async () => {
    const [author, person] = await pair()
    const page = await stage.visit(person)
    const late = await postMedia(author, await drawPicture(page), 'image/png')
    const next = await author.post({ text: 'Shown in a hidden tab' })
    const released = Promise.withResolvers<void>()
    await page.context().route(/X-Amz-Signature/, async (route) => {
      await released.promise
      await route.continue()
    })
    const hide = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await page.goto(`${stage.url()}/#story/${late.id}`)
    await viewer(page).locator('.viewer-card.is-busy').waitFor()
    await hide(true)
    const picture = await viewer(page).locator('.stage-media').elementHandle()
    await page.keyboard.press('ArrowRight')
    await shown(page, 'Shown in a hidden tab')
    released.resolve()
    await picture?.evaluate((image: HTMLImageElement) => image.decode())
    const recorded = page.waitForResponse((answer) => answer.url().endsWith(`/${next.id}/view`))
    await hide(false)
    await recorded
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

test('a video that could not be loaded has no sound to turn on', async () => {
  const [author, person] = await pair()
  const page = await stage.visit(person)
  const story = await postMedia(author, await recordVideo(page), 'video/webm')
  await page.context().route(/X-Amz-Signature/, (route) => route.abort())
  await page.goto(`${stage.url()}/#story/${story.id}`)
  await viewer(page).getByText('This one could not be loaded.').waitFor()
  expect(
    await viewer(page)
      .getByRole('button', { name: /^Turn sound/ })
      .count(),
  ).toBe(0)
})

test('words below a picture that are longer than their place are dragged by a finger', async () => {
  const [author, person] = await pair()
  const page = await stage.visit(person, PHONE)
  const lines = Array.from({ length: 100 }, (_, n) => `l${n}`)
  const story = await postMedia(author, await drawPicture(page), 'image/png', lines.join('\n'))
  await page.goto(`${stage.url()}/#story/${story.id}`)
  const caption = viewer(page).locator('.stage-caption')
  await caption.waitFor()
  await page.mouse.move(180, 600)
  await page.mouse.down()
  await page.mouse.move(180, 400, { steps: 5 })
  await page.mouse.up()
  expect(await caption.evaluate((element) => element.scrollTop)).toBe(200)
  expect(await viewer(page).count()).toBe(1)
})
