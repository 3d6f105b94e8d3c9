/** The activity panel as a layer, where there is no room for it beside the screen. */
import type { App } from '../app.ts'
import { activityPanel } from '../parts/activity-panel.ts'
import { sheet } from '../parts/sheet.ts'

export function activitySheet(app: App, signal: AbortSignal): HTMLElement {
  app.client.store.set({ unread: 0 })
  app.client.store.watch(
    (state) => state.unread,
    (unread) => unread > 0 && app.client.store.set({ unread: 0 }),
    signal,
  )
  return sheet(app, 'Activity', activityPanel(app, signal))
}
