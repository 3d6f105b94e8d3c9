/**
 * A supervised process's part, without the service: the first of two closes its channel and lives on, as one that has died
 * and whose end is not told yet; the other asks for the metrics of all, and says what it is answered.
 */
import { openSync } from 'node:fs'
import { CHILD_FLAG, type ToChild, type ToSupervisor } from '../../src/cluster/messages'
import { superviseServers } from '../../src/cluster/supervisor'
import { parseConfig } from '../../src/config'

const say = (message: ToSupervisor) => process.send?.(message)

const isFirst = (): boolean => {
  try {
    openSync(process.env.STAND_IN_PLACE ?? '', 'wx')
    return true
  } catch {
    return false
  }
}

if (!process.argv.includes(CHILD_FLAG)) {
  superviseServers(parseConfig(process.env))
} else {
  say({ kind: 'listening' })
  process.on('SIGTERM', () => process.exit(0))
  process.on('message', (message: ToChild) => {
    if (message.kind === 'others') console.log('answered')
  })
  if (isFirst()) {
    process.on('disconnect', () => console.log('closed'))
    setTimeout(() => process.disconnect?.(), 20)
    // Nothing else would keep it from ending, or let it end.
    setTimeout(() => process.exit(0), 30_000)
  } else {
    setInterval(() => say({ kind: 'asked', id: 1, own: [] }), 20)
    process.on('disconnect', () => process.exit(1))
  }
}
