import { CHILD_FLAG } from './cluster/messages'
import { ConfigError, parseConfig } from './config'

/** The API's entry: one process that serves or, with `WEB_CONCURRENCY`, one that watches over several that do. */

const config = (() => {
  try {
    return parseConfig(process.env)
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error)
    process.exit(1)
  }
})()

// Otherwise Elysia puts what was sent into the texts of its errors, however large it is and whatever its `toString` does.
process.env.NODE_ENV = 'production'

// Each loads only what it needs.
if (config.webConcurrency > 1 && !process.argv.includes(CHILD_FLAG)) {
  const { superviseServers } = await import('./cluster/supervisor')
  superviseServers(config)
} else {
  const { serve } = await import('./serve')
  await serve(config)
}
