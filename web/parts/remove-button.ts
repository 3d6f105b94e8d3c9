/** Deletes an own story after asking once more in place, as a deleted story cannot come back. */
import { removeStory } from '../actions.ts'
import type { App } from '../app.ts'
import { h } from '../dom.ts'
import { toProblem } from '../problem.ts'

export function removeButton(app: App, storyId: string, look: string): HTMLElement {
  const button = h('button', { class: `button ${look}`, type: 'button' }, 'Delete')
  let sure = false
  const ask = (on: boolean) => {
    sure = on
    button.textContent = on ? 'Delete for everybody?' : 'Delete'
    button.classList.toggle('button-danger', on)
  }
  button.addEventListener('click', async () => {
    if (button.ariaDisabled === 'true') return
    if (!sure) return ask(true)
    // Not disabled, which would take the focus away.
    button.ariaDisabled = 'true'
    try {
      await removeStory(app.client, storyId)
      app.toaster.show({ words: 'Your story is gone.' })
    } catch (error) {
      button.ariaDisabled = 'false'
      app.toaster.show({ words: toProblem(error).words, kind: 'wrong' })
    }
  })
  button.addEventListener('blur', () => ask(false))
  return button
}
