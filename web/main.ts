/** Starts the client: the side-by-side page for `#demo`, else the app of the person in this browser. */
import { mountApp } from './app.ts'
import { createClient } from './client.ts'
import { h } from './dom.ts'
import { applyTheme } from './parts/theme.ts'
import { createHashRouter } from './router.ts'
import { mountDemo } from './screens/demo.ts'
import { createBrowserKeep, createBrowserVault } from './vault.ts'

const isDemo = () => location.hash === '#demo'

function start(): void {
  applyTheme()
  const host = h('div', { id: 'app' })
  document.body.replaceChildren(host)
  // The two pages share nothing but code, so going from one to the other starts afresh.
  const startedAsDemo = isDemo()
  addEventListener('hashchange', () => {
    if (isDemo() !== startedAsDemo) location.reload()
  })
  if (startedAsDemo) {
    mountDemo(host)
    return
  }
  const client = createClient({
    name: 'me',
    vault: createBrowserVault('stories.session'),
    keep: createBrowserKeep(),
    sharesEvents: true,
  })
  mountApp(host, client, createHashRouter(), true)
}

start()
