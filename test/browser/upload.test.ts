import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { drawPicture, recordVideo } from './support/files.ts'
import { makePerson } from './support/people.ts'
import { setStage } from './support/stage.ts'

const SIZE_BYTES_MAX = 300_000
const stage = setStage({ MEDIA_MAX_BYTES: String(SIZE_BYTES_MAX), FEED_CACHE_SECONDS: '0' })

async function openComposer(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'New story' }).first().click()
  await page.getByLabel('Text').waitFor()
}

const choose = (page: Page, file: { name: string; mimeType: string; buffer: Buffer }) =>
  page.locator('input[type=file]').setInputFiles(file)

describe('uploads', () => {
  test('an image goes straight to the store and is shown to others', async () => {
    const [author, fan] = await Promise.all([
      makePerson(stage.url(), 'photo'),
      makePerson(stage.url(), 'fan'),
    ])
    const page = await stage.visit(author)
    const puts: string[] = []
    page.on('request', (request) => request.method() === 'PUT' && puts.push(request.url()))
    await openComposer(page)
    await choose(page, { name: 'sun.png', mimeType: 'image/png', buffer: await drawPicture(page) })
    await page.getByText('uploaded').waitFor()
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByText('Your story is up.').waitFor()
    expect(puts).toHaveLength(1)
    expect(puts[0]?.startsWith(stage.url())).toBe(false)

    const other = await stage.visit(fan)
    const seen = other.waitForResponse((answer) => answer.url().endsWith('/view'))
    await other.goto(`${stage.url()}/#author/${author.session.user.id}`)
    const image = other.locator('img.stage-media')
    await image.waitFor()
    expect((await seen).status()).toBe(200)
    expect(await image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBeGreaterThan(0)
  })

  test('a video is uploaded and plays', async () => {
    const author = await makePerson(stage.url(), 'film')
    const page = await stage.visit(author)
    await openComposer(page)
    await choose(page, { name: 'clip.webm', mimeType: 'video/webm', buffer: await recordVideo(page) })
    await page.getByText('uploaded').waitFor()
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByText('Your story is up.').waitFor()
    await page.goto(`${stage.url()}/#author/${author.session.user.id}`)
    await page.locator('video.stage-media').waitFor()
    await page.waitForFunction(() => {
      const video = document.querySelector<HTMLVideoElement>('video.stage-media')
      return video !== null && video.currentTime > 0
    })
  })

  test('a refused type and a refused size are said before a byte is sent', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'wrong'))
    const puts: string[] = []
    page.on('request', (request) => request.method() === 'PUT' && puts.push(request.url()))
    await openComposer(page)
    await choose(page, { name: 'notes.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') })
    await page.getByText('“notes.pdf” is neither an image nor a video.').waitFor()
    await choose(page, { name: 'drawing.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') })
    await page.getByText('This kind of file cannot be posted.').waitFor()
    await choose(page, { name: 'big.png', mimeType: 'image/png', buffer: Buffer.alloc(SIZE_BYTES_MAX + 1) })
    await page.getByText('This file is too large.').waitFor()
    expect(puts).toEqual([])
    expect(await page.getByRole('button', { name: 'Post story' }).isDisabled()).toBe(true)
  })

  test('a file that is not what it says is refused in words and let go, and the draft and the keyboard stay', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'fake'))
    await openComposer(page)
    await page.getByLabel('Text').fill('Words that must stay')
    await choose(page, {
      name: 'fake.png',
      mimeType: 'image/png',
      buffer: Buffer.from('this is no picture at all'),
    })
    await page.getByText('uploaded').waitFor()
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByRole('alert').getByText('The file is not what its type says.').waitFor()
    expect(await page.getByText('fake.png').count()).toBe(0)
    expect(await page.getByLabel('Text').inputValue()).toBe('Words that must stay')
    await page.keyboard.press('Escape')
    await page.getByLabel('Text').waitFor({ state: 'detached' })
  })

  test('an upload that is cut off can be tried again', async () => {
    const page = await stage.visit(await makePerson(stage.url(), 'again'))
    let cut = true
    await page.route(/./, (route) => {
      if (route.request().method() !== 'PUT' || !cut) return route.fallback()
      cut = false
      return route.abort('connectionreset')
    })
    await openComposer(page)
    await choose(page, { name: 'sun.png', mimeType: 'image/png', buffer: await drawPicture(page) })
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('uploaded').waitFor()
    await page.getByRole('button', { name: 'Post story' }).click()
    await page.getByText('Your story is up.').waitFor()
  })

  test.each(['drop', 'paste'] as const)('a picture comes in by %s', async (how) => {
    const page = await stage.visit(await makePerson(stage.url(), how))
    await openComposer(page)
    const picture = await drawPicture(page)
    await page.evaluate(
      ({ text, type }) => {
        const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
        const data = new DataTransfer()
        data.items.add(new File([bytes], 'moved.png', { type: 'image/png' }))
        const options = { bubbles: true, cancelable: true }
        const event =
          type === 'drop'
            ? new DragEvent('drop', { ...options, dataTransfer: data })
            : new ClipboardEvent('paste', { ...options, clipboardData: data })
        document.querySelector('.composer textarea')?.dispatchEvent(event)
      },
      { text: picture.toString('base64'), type: how },
    )
    await page.getByText('moved.png').waitFor()
    await page.getByText('uploaded').waitFor()
    await page.locator('.preview .face > img').waitFor()
    await page.getByRole('button', { name: 'Remove the file' }).click()
    await page.getByText('Add a photo or video').waitFor()
  })
})
