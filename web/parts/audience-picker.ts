/** Choosing the people of one story: search by handle, or tap a follower. */
import type { PersonRef } from '../api-types.ts'
import type { App } from '../app.ts'
import { fill, h } from '../dom.ts'
import { avatar } from './avatar.ts'
import { field } from './field.ts'
import { icon } from './icons.ts'

const SHOWN_MAX = 8
const PEOPLE_MAX = 500
const TYPING_MS = 200

export type AudiencePicker = { element: HTMLElement; ids(): string[]; fail(words: string | null): void }

/** @param chosen who is picked so far; picking changes it */
export function audiencePicker(
  app: App,
  chosen: Map<string, PersonRef>,
  onChange: () => void,
  signal: AbortSignal,
): AudiencePicker {
  const search = field('Who may see it', {
    name: 'audience_user_ids',
    type: 'search',
    autocomplete: 'off',
    placeholder: 'Find by handle',
  })
  const picked = h('ul', { class: 'chips', 'aria-label': 'Chosen people' })
  const found = h('ul', { class: 'chips', 'aria-label': 'People to choose' })
  const meId = app.client.store.get().user?.id
  let last: readonly PersonRef[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let newest: Promise<boolean>

  function toggle(person: PersonRef): void {
    if (chosen.has(person.id)) chosen.delete(person.id)
    else if (chosen.size < PEOPLE_MAX) chosen.set(person.id, person)
    draw()
    search.input.focus()
    onChange()
  }

  function chip(person: PersonRef, on: boolean): HTMLElement {
    const name = `${on ? 'Remove' : 'Choose'} ${person.handle}`
    const button = h(
      'button',
      {
        class: `chip ${on ? 'chip-on' : ''}`,
        type: 'button',
        'aria-label': name,
        on: { click: () => toggle(person) },
      },
      avatar(person.handle, 'none', 's'),
      person.handle,
      icon(on ? 'close' : 'plus', 14),
    )
    return h('li', {}, button)
  }

  /** Who was found and can be picked. */
  const pickable = () => last.filter((person) => person.id !== meId && !chosen.has(person.id))

  function draw(): void {
    fill(
      picked,
      [...chosen.values()].map((person) => chip(person, true)),
    )
    fill(
      found,
      pickable()
        .slice(0, SHOWN_MAX)
        .map((person) => chip(person, false)),
    )
  }

  /** Begins to look for the present words; an older look that is still under way counts no more. */
  function look(): void {
    clearTimeout(timer)
    timer = undefined
    const mine = find(() => mine === newest)
    newest = mine
  }

  /** @returns whether what is shown now is what was looked for */
  async function find(isNewest: () => boolean): Promise<boolean> {
    const q = search.input.value.trim().toLowerCase().replace(/^@/, '')
    const query = { limit: SHOWN_MAX * 2 }
    try {
      const page = q ? await app.client.api.findPeople(q, query) : await app.client.api.followers(query)
      if (signal.aborted || !isNewest()) return false
      last = page.items
      draw()
      return true
    } catch {
      if (isNewest()) search.fail('People could not be loaded. Type again to retry.')
      return false
    }
  }

  /** Picks the first who is found for the words as they are, and nobody of what was shown before. */
  async function pickFirst(): Promise<void> {
    if (timer !== undefined) look()
    const [first] = (await newest) ? pickable() : []
    if (first) toggle(first)
  }

  search.input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(look, TYPING_MS)
  })
  signal.addEventListener('abort', () => clearTimeout(timer))
  search.input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    void pickFirst()
  })
  draw()
  look()
  return {
    element: h('div', { class: 'audience' }, picked, search.element, found),
    ids: () => [...chosen.keys()],
    fail: search.fail,
  }
}
