/** A new story: words and perhaps a file, who sees it, how it will look. */
import { noteProblem, putStories, refreshFeed } from '../actions.ts'
import type { NewStory } from '../api-types.ts'
import type { App } from '../app.ts'
import { fill, h } from '../dom.ts'
import { closeDraft, openDraft } from '../draft.ts'
import { audiencePicker } from '../parts/audience-picker.ts'
import { newDomId } from '../parts/field.ts'
import { icon } from '../parts/icons.ts'
import { mediaPicker } from '../parts/media-picker.ts'
import { sheet } from '../parts/sheet.ts'
import { drawFace } from '../parts/story-face.ts'
import { AUDIENCES, type Audience, rememberChosen } from '../parts/visibility.ts'
import { watchWait } from '../parts/wait-notice.ts'

const TEXT_MAX = 500

export function composer(app: App, signal: AbortSignal): HTMLElement {
  const draft = openDraft(app)
  const seed = newDomId('draft')
  let waitSeconds = 0
  let posting = false
  let resting: Element | null = null

  const text = h('textarea', {
    id: `${seed}-text`,
    class: 'input',
    rows: 3,
    placeholder: 'What is happening?',
    'aria-describedby': `${seed}-count`,
  })
  text.value = draft.text
  const count = h('span', { id: `${seed}-count`, class: 'field-note' })
  const preview = h('div', { class: 'preview', 'aria-hidden': 'true' })
  const alert = h('p', { class: 'form-alert', role: 'alert' })
  const post = h('button', { class: 'button button-main button-wide', type: 'submit' }, 'Post story')
  const media = mediaPicker(app, update, signal)
  const people = audiencePicker(app, draft.chosen, update, signal)

  const choices = (Object.keys(AUDIENCES) as Audience[]).map((name) =>
    audienceChoice(name, `${seed}-audience`, name === draft.audience, () => {
      draft.audience = name
      update()
      if (name === 'chosen') people.element.scrollIntoView({ block: 'center' })
    }),
  )
  const form = h(
    'form',
    { class: 'composer-form', novalidate: true },
    h('h2', {}, 'New story'),
    h('div', { class: 'field' }, h('label', { for: `${seed}-text` }, 'Text'), text, count),
    media.element,
    h('fieldset', { class: 'choices' }, h('legend', {}, 'Who sees it'), choices),
    people.element,
    alert,
    h('div', { class: 'composer-end' }, post),
  )

  function body(): NewStory {
    const words = text.value.trim()
    const key = media.get()?.key
    return {
      ...(words ? { text: words } : {}),
      ...(key ? { media_key: key } : {}),
      visibility: draft.audience === 'chosen' ? 'friends' : draft.audience,
      ...(draft.audience === 'chosen' ? { audience_user_ids: people.ids() } : {}),
    }
  }

  function update(): void {
    if (signal.aborted) return
    const length = [...text.value.trim()].length
    const file = media.get()
    count.textContent = `${length} of ${TEXT_MAX}`
    count.classList.toggle('wrong', length > TEXT_MAX)
    people.element.hidden = draft.audience !== 'chosen'
    const uploading = file !== null && file.key === null
    const ready = (length > 0 || file !== null) && length <= TEXT_MAX && !uploading
    const complete = draft.audience !== 'chosen' || people.ids().length > 0
    post.disabled = posting || waitSeconds > 0 || !ready || !complete
    post.textContent =
      waitSeconds > 0
        ? `Wait ${waitSeconds} s`
        : posting
          ? 'Posting…'
          : uploading
            ? 'Uploading…'
            : 'Post story'
    drawPreview()
  }

  let drawn = ''
  function drawPreview(): void {
    const file = media.get()
    const words = text.value.trim() || (file ? null : 'Your story')
    const now = `${words}|${file?.url}`
    if (now === drawn) return
    drawn = now
    fill(
      preview,
      drawFace({ id: seed, text: words, mediaUrl: file?.url ?? null, mediaType: file?.file.type ?? null }),
    )
  }

  async function send(): Promise<void> {
    if (posting) return
    setPosting(true)
    fill(alert)
    const { text: words, audience } = draft
    try {
      const story = await draft.post(body())
      if (audience === 'chosen') rememberChosen(app.client, story)
      // The sheet may have been opened anew meanwhile, and the words gone on.
      if (draft.text === words) closeDraft(app, draft)
      // Whoever is signed in by now has nothing to do with it.
      if (app.client.session.user()?.id !== story.author_id) return
      putStories(app.client, [story])
      refreshFeed(app.client)
      app.toaster.show({ words: 'Your story is up.', emoji: '✨' })
      if (!signal.aborted) app.router.leave()
    } catch (error) {
      const problem = noteProblem(app.client, error)
      // What was uploaded is of no use any more then, and the problem's own words say what to do.
      const isFileRefused = problem.code.startsWith('media_')
      if (isFileRefused) media.clear()
      const at = isFileRefused
        ? null
        : (problem.fieldWords('text') ?? problem.fieldWords('audience_user_ids'))
      fill(alert, at ?? problem.words)
    } finally {
      setPosting(false)
    }
  }

  /** While a story is under way its form takes nothing, as what came then would be in no story. */
  function setPosting(next: boolean): void {
    const hadFocus = form.contains(document.activeElement)
    posting = next
    form.inert = next
    update()
    // What is inert or disabled loses the focus, and with it Escape and Tab lead nowhere.
    if (next && hadFocus) {
      layer.focus()
      resting = document.activeElement
    } else if (!next && (document.activeElement === resting || document.activeElement === document.body)) {
      ;(post.disabled ? text : post).focus()
    }
  }

  text.addEventListener('input', () => {
    draft.text = text.value
    update()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!post.disabled) void send()
  })
  watchWait(
    app,
    (seconds) => {
      waitSeconds = seconds
      update()
    },
    signal,
  )
  update()
  const layer = sheet(app, 'New story', h('div', { class: 'composer' }, preview, form))
  takeFiles(layer, (file) => posting || media.take(file))
  layer.addEventListener('focus', () => text.focus())
  return layer
}

function audienceChoice(name: Audience, group: string, checked: boolean, choose: () => void): HTMLElement {
  const { label, line, icon: mark } = AUDIENCES[name]
  const input = h('input', { type: 'radio', name: group, value: name, checked, on: { change: choose } })
  return h(
    'label',
    { class: 'choice' },
    input,
    icon(mark),
    h('span', {}, h('strong', {}, label), h('span', { class: 'muted' }, line)),
  )
}

/** Files dropped on or pasted into the sheet. */
function takeFiles(layer: HTMLElement, take: (file: File) => unknown): void {
  layer.addEventListener('dragover', (event) => {
    event.preventDefault()
    layer.classList.add('dropping')
  })
  layer.addEventListener('dragleave', () => layer.classList.remove('dropping'))
  layer.addEventListener('drop', (event) => {
    event.preventDefault()
    layer.classList.remove('dropping')
    const file = event.dataTransfer?.files[0]
    if (file) take(file)
  })
  layer.addEventListener('paste', (event) => {
    const file = event.clipboardData?.files[0]
    if (!file) return
    event.preventDefault()
    take(file)
  })
}
