/** Line icons on a 24 by 24 grid, drawn for this client. */
import { s } from '../dom.ts'

const PATHS = {
  home: 'M4 11.5 12 4l8 7.5V20h-5.5v-5h-5v5H4z',
  search: 'M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13zm4.8-1.7L20 20',
  people:
    'M9 11a3.5 3.5 0 1 1 0-7 3.5 3.5 0 0 1 0 7zM2.5 20c.6-3.6 3-5.6 6.5-5.6s5.9 2 6.5 5.6M16 4.4a3.3 3.3 0 0 1 0 6.4M18 14.8c2 .6 3.2 2.3 3.6 5.2',
  grid: 'M4 4h6.5v7H4zM13.5 4H20v4.5h-6.5zM13.5 12H20v8h-6.5zM4 14.5h6.5V20H4z',
  chart: 'M4 20V10.5h4V20zM10 20V4h4v16zM16 20v-6.5h4V20z',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6 6 18',
  left: 'M14.5 5.5 8 12l6.5 6.5',
  right: 'M9.5 5.5 16 12l-6.5 6.5',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  play: 'M8 5.5v13l10.5-6.5z',
  bell: 'M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5L19 18H5zM10 20.5h4',
  eye: 'M2.5 12C5 7.5 8.2 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5s-7-2-9.5-6.5zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  heart:
    'M12 20C7 16.3 4 13.3 4 9.7 4 7 6 5 8.4 5 10 5 11.3 5.8 12 7.2 12.7 5.8 14 5 15.6 5 18 5 20 7 20 9.7c0 3.6-3 6.6-8 10.3z',
  globe:
    'M12 20.5a8.5 8.5 0 1 1 0-17 8.5 8.5 0 0 1 0 17zM3.5 12h17M12 3.5c2.5 2.5 3.7 5.3 3.7 8.5s-1.2 6-3.7 8.5c-2.5-2.5-3.7-5.3-3.7-8.5s1.2-6 3.7-8.5z',
  lock: 'M6 10.5h12V20H6zM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5',
  image: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 16.5M15.5 9.5h.01',
  logout: 'M10 4.5H5v15h5M15 8l4 4-4 4M19 12h-9.5',
  theme: 'M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16',
  check: 'M5 12.5 10 17.5 19.5 7',
  pulse: 'M3 12.5h4l2.5-7 4.5 13 2.5-6H21',
  sound: 'M5 9.5v5h3.5L13 18.5v-13L8.5 9.5zM16 9a4 4 0 0 1 0 6',
} as const

export type IconName = keyof typeof PATHS

/** A decorative icon; the control around it carries the name. */
export function icon(name: IconName, sizePx = 22): SVGElement {
  return s(
    'svg',
    { class: 'icon', viewBox: '0 0 24 24', width: sizePx, height: sizePx, 'aria-hidden': 'true' },
    s('path', { d: PATHS[name] }),
  )
}
