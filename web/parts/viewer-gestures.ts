/** Touch, mouse and keys of the viewer, as intentions. */

export type Intent = {
  next(): void
  previous(): void
  nextPerson(): void
  previousPerson(): void
  hold(on: boolean): void
  toggle(): void
  close(): void
}

const TAP_MS_MAX = 280
const SWIPE_PX_MIN = 50
const DRAG_PX_MIN = 8
const PREVIOUS_SHARE = 0.33

export function watchKeys(element: HTMLElement, intent: Intent, signal: AbortSignal): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const onButton = event.target instanceof HTMLButtonElement
    if (event.key === 'ArrowRight') event.shiftKey ? intent.nextPerson() : intent.next()
    else if (event.key === 'ArrowLeft') event.shiftKey ? intent.previousPerson() : intent.previous()
    else if (event.key === ' ' && !onButton) intent.toggle()
    else return
    event.preventDefault()
  }
  element.addEventListener('keydown', onKey, { signal })
}

/**
 * Tap left or right, hold to pause, swipe to another person, swipe down to leave. Words that are longer than their box are
 * dragged up and down instead.
 */
export function watchPointer(
  surface: HTMLElement,
  wordsOf: () => HTMLElement | null,
  intent: Intent,
  signal: AbortSignal,
): void {
  let start: { x: number; y: number; at: number; scrollTop: number } | null = null
  const longWords = () => {
    const words = wordsOf()
    return words && words.scrollHeight > words.clientHeight + 1 ? words : null
  }
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return
    start = {
      x: event.clientX,
      y: event.clientY,
      at: performance.now(),
      scrollTop: wordsOf()?.scrollTop ?? 0,
    }
    surface.setPointerCapture(event.pointerId)
    intent.hold(true)
  }
  const move = (event: PointerEvent) => {
    const words = start && longWords()
    if (words && start) words.scrollTop = start.scrollTop + start.y - event.clientY
  }
  const wheel = (event: WheelEvent) => longWords()?.scrollBy(0, event.deltaY)
  const up = (event: PointerEvent) => {
    if (!start) return
    const [dx, dy] = [event.clientX - start.x, event.clientY - start.y]
    const heldMs = performance.now() - start.at
    start = null
    intent.hold(false)
    if (Math.abs(dx) > SWIPE_PX_MIN && Math.abs(dx) > Math.abs(dy)) {
      return dx < 0 ? intent.nextPerson() : intent.previousPerson()
    }
    if (dy > SWIPE_PX_MIN * 1.5 && !longWords()) return intent.close()
    if (Math.abs(dy) > DRAG_PX_MIN && longWords()) return
    if (heldMs > TAP_MS_MAX) return
    const box = surface.getBoundingClientRect()
    const isLeft = event.clientX - box.left < box.width * PREVIOUS_SHARE
    isLeft ? intent.previous() : intent.next()
  }
  const cancel = () => {
    start = null
    intent.hold(false)
  }
  surface.addEventListener('pointerdown', down, { signal })
  surface.addEventListener('pointermove', move, { signal })
  surface.addEventListener('wheel', wheel, { signal, passive: true })
  surface.addEventListener('pointerup', up, { signal })
  surface.addEventListener('pointercancel', cancel, { signal })
  surface.addEventListener('contextmenu', (event) => event.preventDefault(), { signal })
}
