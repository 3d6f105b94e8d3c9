/** Real files for uploads, made by the browser itself. */
import type { Page } from 'playwright-core'

/** A small PNG. */
export async function drawPicture(page: Page): Promise<Buffer> {
  const text = await page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 270
    canvas.height = 480
    const paint = canvas.getContext('2d')
    if (!paint) throw new Error('no canvas')
    const sky = paint.createLinearGradient(0, 0, 0, 480)
    sky.addColorStop(0, '#1b2a4a')
    sky.addColorStop(0.6, '#e07a5f')
    sky.addColorStop(1, '#f2cc8f')
    paint.fillStyle = sky
    paint.fillRect(0, 0, 270, 480)
    return canvas.toDataURL('image/png').split(',')[1] ?? ''
  })
  return Buffer.from(text, 'base64')
}

/** A WebM video of about a second. */
export async function recordVideo(page: Page): Promise<Buffer> {
  const bytes = await page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    canvas.width = 144
    canvas.height = 256
    const paint = canvas.getContext('2d')
    if (!paint) throw new Error('no canvas')
    let frame = 0
    const timer = setInterval(() => {
      paint.fillStyle = `hsl(${(frame++ * 12) % 360} 80% 50%)`
      paint.fillRect(0, 0, 144, 256)
    }, 40)
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm;codecs=vp8' })
    const chunks: Blob[] = []
    recorder.ondataavailable = (event) => chunks.push(event.data)
    const stopped = new Promise((resolve) => {
      recorder.onstop = resolve
    })
    recorder.start()
    await new Promise((resolve) => setTimeout(resolve, 1200))
    recorder.stop()
    await stopped
    clearInterval(timer)
    return [...new Uint8Array(await new Blob(chunks).arrayBuffer())]
  })
  return Buffer.from(bytes)
}
