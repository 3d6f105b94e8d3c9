/** The six reactions under a story: set, change, take back. */
import { react } from '../actions.ts'
import { EMOJI, type Emoji } from '../api-types.ts'
import type { App } from '../app.ts'
import { h } from '../dom.ts'
import { toProblem } from '../problem.ts'
import { shortCount } from '../time.ts'

const NAMES: Record<Emoji, string> = {
  '👍': 'Thumbs up',
  '❤️': 'Love',
  '😂': 'Laughing',
  '😮': 'Surprised',
  '😢': 'Sad',
  '🔥': 'Fire',
}

export function reactionBar(app: App, storyId: string, signal: AbortSignal): HTMLElement {
  const { store } = app.client
  const buttons = EMOJI.map((emoji) => {
    const count = h('span', { class: 'reaction-count' })
    const button = h(
      'button',
      { class: 'reaction', type: 'button' },
      h('span', { class: 'reaction-emoji' }, emoji),
      count,
    )
    button.addEventListener('click', () => void press(button, emoji))
    return { emoji, button, count }
  })

  async function press(button: HTMLElement, emoji: Emoji): Promise<void> {
    const mine = store.get().stories[storyId]?.viewer.reaction
    if (mine !== emoji) floatUp(button, emoji)
    try {
      await react(app.client, storyId, mine === emoji ? null : emoji)
    } catch (error) {
      app.toaster.show({ words: toProblem(error).words, kind: 'wrong' })
    }
  }

  store.watch(
    (state) => state.stories[storyId],
    (story) => {
      if (!story) return
      for (const { emoji, button, count } of buttons) {
        const number = story.counters.reactions[emoji] ?? 0
        const words = number > 0 ? shortCount(number) : ''
        if (count.textContent !== words && words && count.textContent) bump(count)
        count.textContent = words
        button.setAttribute('aria-pressed', String(story.viewer.reaction === emoji))
        button.setAttribute('aria-label', `${NAMES[emoji]}${number ? `, ${number}` : ''}`)
      }
    },
    signal,
  )
  return h(
    'div',
    { class: 'reactions', role: 'group', 'aria-label': 'React' },
    buttons.map(({ button }) => button),
  )
}

export function wantsLessMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}

/** A few copies of the emoji rise from the button. */
function floatUp(from: HTMLElement, emoji: Emoji): void {
  if (wantsLessMotion()) return
  for (let at = 0; at < 5; at += 1) {
    const copy = h('span', { class: 'float', 'aria-hidden': 'true' }, emoji)
    from.append(copy)
    const drift = (Math.random() - 0.5) * 90
    const rise = -120 - Math.random() * 120
    const move = copy.animate(
      [
        { transform: 'translate(-50%, 0) scale(0.6)', opacity: 1 },
        {
          transform: `translate(calc(-50% + ${drift}px), ${rise}px) scale(${1 + Math.random()})`,
          opacity: 0,
        },
      ],
      {
        duration: 900 + Math.random() * 500,
        delay: at * 70,
        easing: 'cubic-bezier(.2,.7,.3,1)',
        fill: 'backwards',
      },
    )
    move.onfinish = () => copy.remove()
  }
}

function bump(element: HTMLElement): void {
  if (!wantsLessMotion()) {
    element.animate([{ transform: 'scale(1.5)' }, { transform: 'scale(1)' }], {
      duration: 250,
      easing: 'ease-out',
    })
  }
}
