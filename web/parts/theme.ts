/** Light, dark, or as the system says: kept per browser. */
import { h } from '../dom.ts'
import { createBrowserKeep } from '../vault.ts'
import { icon } from './icons.ts'

const NAME = 'stories.theme'
const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

/** Applies the kept choice; called once before anything is drawn. */
export function applyTheme(theme: Theme = createBrowserKeep().read<Theme>(NAME) ?? 'system'): Theme {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  return theme
}

export function themeButton(): HTMLElement {
  let theme = applyTheme()
  const button = h('button', { class: 'icon-button', type: 'button' }, icon('theme'))
  const name = () => {
    button.setAttribute('aria-label', `Colours: ${theme}`)
    button.title = `Colours: ${theme}`
  }
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
    createBrowserKeep().write(NAME, theme)
    applyTheme(theme)
    name()
  })
  name()
  return button
}
