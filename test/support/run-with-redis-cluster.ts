/** Runs the integration tests with a Redis Cluster of three nodes in place of the one server. */
import { PROJECT_DIR } from '../../dev/data-folder.ts'
import { onAskedToEnd } from '../../dev/signals.ts'
import { startRedisCluster } from './redis-cluster'

const { STACK: _, ...env } = process.env
const cluster = await startRedisCluster()
console.log(`a Redis Cluster of ${cluster.nodes.length} nodes is up`)
const tests = Bun.spawn(
  [process.execPath, '--no-env-file', 'dev/run-tests.ts', 'integration', ...process.argv.slice(2)],
  {
    cwd: PROJECT_DIR,
    env: { ...env, REDIS_URL: cluster.url },
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
  },
)
onAskedToEnd(() => tests.kill('SIGTERM'))
const code = await tests.exited
await cluster.stop()
process.exit(code)
