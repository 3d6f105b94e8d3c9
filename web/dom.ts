/** Builds elements. Text only ever becomes text nodes, so nothing a user wrote is read as HTML. */

type Attribute = string | number | boolean | null | undefined
type Listeners = { [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void }
type Variables = Record<string, string>

export type Child = Node | string | number | null | undefined | false | readonly Child[]
export type Props = { on?: Listeners; vars?: Variables; [name: string]: Attribute | Listeners | Variables }

/**
 * An HTML element: `h('button', { class: 'chip', on: { click } }, 'Post')`.
 *
 * @param props attributes (`true` is an empty one, `false` and `null` none), `on` listeners, `vars` CSS variables
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  const { on = {}, vars = {}, ...attributes } = props
  setAttributes(element, attributes as Record<string, Attribute>)
  for (const [name, listener] of Object.entries(on)) {
    element.addEventListener(name, listener as EventListener)
  }
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(name, value)
  append(element, children)
  return element
}

/** An SVG element, for icons and charts. */
export function s(tag: string, attributes: Record<string, Attribute> = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  setAttributes(element, attributes)
  append(element, children)
  return element
}

/** Words for those who listen instead of look. */
export function aside(words: string): HTMLElement {
  return h('span', { class: 'visually-hidden' }, words)
}

/** Puts new children in place of the old ones. */
export function fill<Parent extends Element>(parent: Parent, ...children: Child[]): Parent {
  parent.replaceChildren()
  append(parent, children)
  return parent
}

/** Puts new children in; focus that has gone or goes with the old ones is given to `next`, so that keys are heard. */
export function refill(parent: HTMLElement, next: HTMLElement, ...children: Child[]): void {
  const focused = document.activeElement
  const isLost = focused === document.body || parent.contains(focused)
  fill(parent, ...children)
  if (isLost) next.focus({ preventScroll: true })
}

function setAttributes(element: Element, attributes: Record<string, Attribute>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue
    if (Array.isArray(child)) append(parent, child)
    else parent.append(child instanceof Node ? child : String(child))
  }
}
