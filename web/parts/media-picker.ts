/** The file of a new story: picker, drop and paste, a progress bar, cancel and retry. */
import { noteProblem } from '../actions.ts'
import type { App } from '../app.ts'
import { fill, h, refill } from '../dom.ts'
import { toProblem } from '../problem.ts'
import { fileSize } from '../time.ts'
import { uploadFile } from '../upload.ts'
import { newDomId } from './field.ts'
import { icon } from './icons.ts'

export type Media = { file: File; url: string; key: string | null }

export type MediaPicker = {
  element: HTMLElement
  /** The chosen file; its key is null until the upload is through. */
  get(): Media | null
  /** Takes a file that was dropped or pasted. */
  take(file: File): void
  clear(): void
}

export function mediaPicker(app: App, onChange: () => void, signal: AbortSignal): MediaPicker {
  let media: Media | null = null
  let upload = new AbortController()
  const id = newDomId('file')
  const input = h('input', { id, type: 'file', accept: 'image/*,video/*', class: 'visually-hidden' })
  const pick = h(
    'label',
    { class: 'drop', for: id },
    icon('image', 26),
    h(
      'span',
      {},
      h('strong', {}, 'Add a photo or video'),
      h('span', { class: 'muted' }, 'Choose, drop or paste'),
    ),
  )
  const state = h('div', { class: 'upload' })
  const wrong = h('p', { class: 'form-alert', role: 'alert' })
  input.addEventListener('change', () => {
    const file = input.files?.[0]
    input.value = ''
    if (file) take(file)
  })
  signal.addEventListener('abort', () => clear())

  function clear(): void {
    upload.abort()
    if (media) URL.revokeObjectURL(media.url)
    media = null
    refill(state, input)
    pick.hidden = false
    onChange()
  }

  function take(file: File): void {
    clear()
    fill(wrong)
    if (!/^(image|video)\//.test(file.type)) {
      fill(wrong, `“${file.name}” is neither an image nor a video.`)
      return
    }
    media = { file, url: URL.createObjectURL(file), key: null }
    pick.hidden = true
    void send(media)
    onChange()
  }

  async function send(mine: Media): Promise<void> {
    upload = new AbortController()
    const bar = h('progress', { class: 'upload-bar', max: 1, value: 0, 'aria-label': 'Upload' })
    const note = h('span', { class: 'muted' }, `${fileSize(mine.file.size)}`)
    const again = h(
      'button',
      { class: 'button button-small', type: 'button', hidden: true, on: { click: () => void send(mine) } },
      'Try again',
    )
    const remove = h(
      'button',
      { class: 'icon-button', type: 'button', 'aria-label': 'Remove the file', on: { click: clear } },
      icon('close', 18),
    )
    refill(state, input, h('span', { class: 'upload-name' }, mine.file.name, note), bar, again, remove)
    fill(wrong)
    try {
      mine.key = await uploadFile(app.client.api, mine.file, {
        onProgress(share) {
          bar.value = share
          note.textContent = `${fileSize(mine.file.size * share)} of ${fileSize(mine.file.size)}`
        },
        onCall: app.client.report,
        signal: upload.signal,
      })
      bar.value = 1
      fill(note, `${fileSize(mine.file.size)} · uploaded`)
      state.dataset.state = 'done'
    } catch (error) {
      if (media !== mine || toProblem(error).code === 'aborted') return
      const problem = noteProblem(app.client, error)
      const words = problem.fieldWords('content_type') ?? problem.fieldWords('size')
      fill(wrong, problem.status === 422 ? `${problem.words} ${words ?? problem.detail}` : problem.words)
      if (problem.status === 422) clear()
      else again.hidden = false
    }
    onChange()
  }

  return {
    element: h('div', { class: 'media-picker' }, input, pick, state, wrong),
    get: () => media,
    take,
    clear,
  }
}
