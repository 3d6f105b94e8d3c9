/** Says new activity in a toast, once the name of the person is known. */
import type { App } from '../app.ts'

export function watchActivity(app: App, signal: AbortSignal): void {
  const said = new Set(app.client.store.get().activity.map((item) => item.id))
  app.client.store.watch(
    (state) => state.activity,
    (activity) => {
      for (const item of [...activity].reverse()) {
        if (said.has(item.id) || !item.handle.startsWith('@')) continue
        said.add(item.id)
        const words =
          item.kind === 'viewed' ? `${item.handle} saw your story` : `${item.handle} reacted to your story`
        app.toaster.show({ words, emoji: item.emoji ?? '👀' })
      }
    },
    signal,
  )
}
