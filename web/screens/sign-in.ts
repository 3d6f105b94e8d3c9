/** The door: log in or sign up, with the service's objections at the field they belong to. */
import type { App } from '../app.ts'
import { fill, h } from '../dom.ts'
import { type Field, field, showAtFields } from '../parts/field.ts'
import { themeButton } from '../parts/theme.ts'
import { toProblem } from '../problem.ts'
import { brandMark, operatorLinks, routeLink } from '../shell.ts'

export const DEMO_PEOPLE = ['ava', 'ben', 'cleo', 'dov'] as const
export const DEMO_PASSWORD = 'stories-demo-2026'
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

export function signInScreen(app: App, signal: AbortSignal): HTMLElement {
  const signsUp = app.router.get().screen === 'signup'
  return h(
    'div',
    { class: 'door' },
    h(
      'div',
      { class: 'door-art', 'aria-hidden': 'true' },
      h('div', { class: 'art-card paint-3' }, h('p', {}, 'Coffee on the roof, sun just up.')),
      h('div', { class: 'art-card paint-0' }, h('p', {}, 'We did it! 🔥')),
      h('div', { class: 'art-card paint-5' }, h('p', {}, 'Who is in for the lake on Sunday?')),
    ),
    h(
      app.isPage ? 'main' : 'div',
      { class: 'door-main', tabindex: -1 },
      h(
        'div',
        { class: 'brand' },
        brandMark(),
        h('span', {}, 'Stories'),
        h('span', { class: 'grow' }),
        app.isPage && themeButton(),
      ),
      h('h1', {}, signsUp ? 'Make it yours' : 'Good to see you'),
      h('p', { class: 'lead' }, 'Share a moment. It is gone in a day.'),
      accountForm(app, signsUp, signal),
      h(
        'p',
        { class: 'door-switch' },
        signsUp ? 'Already here? ' : 'New here? ',
        routeLink(app, signsUp ? 'login' : 'signup', 'link', signsUp ? 'Log in' : 'Create an account'),
      ),
      operatorLinks(app),
    ),
  )
}

function accountForm(app: App, signsUp: boolean, signal: AbortSignal): HTMLElement {
  const email = field('Email', { name: 'email', type: 'email', autocomplete: 'email', required: true })
  const handle = field('Handle', {
    name: 'handle',
    autocomplete: 'username',
    hint: 'Optional. 3 to 30 of a–z, 0–9 and _; made from your email if left empty.',
  })
  const password = field('Password', {
    name: 'password',
    type: 'password',
    autocomplete: signsUp ? 'new-password' : 'current-password',
    required: true,
    hint: signsUp ? '8 to 128 characters.' : undefined,
  })
  const fields: Field[] = signsUp ? [email, handle, password] : [email, password]
  const alert = h('p', { class: 'form-alert', role: 'alert' })
  const submit = h(
    'button',
    { class: 'button button-main button-wide', type: 'submit' },
    signsUp ? 'Sign up' : 'Log in',
  )

  async function send(body: { email: string; password: string; handle?: string }): Promise<void> {
    if (submit.ariaDisabled === 'true') return
    // Not disabled, which would take the focus away.
    submit.ariaDisabled = 'true'
    fill(alert)
    try {
      const { api, session } = app.client
      const answer = signsUp ? await api.signUp(body) : await api.logIn(body)
      if (!signal.aborted) session.start(answer)
    } catch (error) {
      const words = showAtFields(toProblem(error), fields)
      if (words) fill(alert, words)
    } finally {
      submit.ariaDisabled = 'false'
    }
  }

  const form = h(
    'form',
    { class: 'form', novalidate: true },
    alert,
    fields.map((item) => item.element),
    submit,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const wanted = handle.input.value.trim()
    void send({
      email: email.input.value.trim(),
      password: password.input.value,
      ...(signsUp && wanted ? { handle: wanted } : {}),
    })
  })
  // Elsewhere nobody has made these accounts, or somebody else has.
  if (signsUp || !LOOPBACK.includes(location.hostname)) return form
  const people = DEMO_PEOPLE.map((name) =>
    h(
      'button',
      {
        class: 'chip',
        type: 'button',
        on: { click: () => void send({ email: `${name}@example.com`, password: DEMO_PASSWORD }) },
      },
      name,
    ),
  )
  form.append(h('p', { class: 'demo-people' }, h('span', { class: 'muted' }, 'Demo people:'), people))
  return form
}
