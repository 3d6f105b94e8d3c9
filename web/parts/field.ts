/** A labelled input with a hint and a place for what is wrong with it. */
import { h, type Props } from '../dom.ts'
import type { ApiProblem } from '../problem.ts'

let count = 0

/** A fresh id for tying labels and notes to controls. */
export function newDomId(prefix: string): string {
  count += 1
  return `${prefix}-${count}`
}

export type Field = { element: HTMLElement; input: HTMLInputElement; fail(words: string | null): void }

export function field(label: string, props: Props & { name: string; hint?: string }): Field {
  const { hint, ...attributes } = props
  const id = newDomId(props.name)
  const note = h('span', { id: `${id}-note`, class: 'field-note' }, hint)
  const input = h('input', { id, class: 'input', 'aria-describedby': `${id}-note`, ...attributes })
  const element = h('div', { class: 'field' }, h('label', { for: id }, label), input, note)
  const fail = (words: string | null) => {
    element.classList.toggle('field-wrong', words !== null)
    if (words === null) input.removeAttribute('aria-invalid')
    else input.setAttribute('aria-invalid', 'true')
    note.textContent = words ?? hint ?? ''
  }
  input.addEventListener('input', () => fail(null))
  return { element, input, fail }
}

/** Codes that are about one field, whether the service names it or not. */
const CODE_FIELDS: Record<string, string> = { email_taken: 'email', handle_taken: 'handle' }

/** Shows a problem at the fields it names; returns what is left to say above the form. */
export function showAtFields(problem: ApiProblem, fields: readonly Field[]): string | null {
  let shown = false
  for (const item of fields) {
    const isMeant = CODE_FIELDS[problem.code] === item.input.name
    const words = isMeant ? problem.words : problem.fieldWords(item.input.name)
    item.fail(words)
    if (words && !shown) item.input.focus()
    shown ||= words !== null
  }
  return shown ? null : problem.words
}
