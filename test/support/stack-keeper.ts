/**
 * Holds an embedded stack for a test process that was started without one: prints its addresses as one line of JSON and
 * stops it when the standard input closes, which is when that process ends, however it ends.
 */
import { startStack } from '../../dev/stack.ts'

const stack = await startStack({ dataDir: null })
const { kind, databaseUrl, redisUrl, s3 } = stack
console.log(JSON.stringify({ kind, databaseUrl, redisUrl, s3 }))
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said here; only the end counts.
}
await stack.stop()
process.exit(0)
