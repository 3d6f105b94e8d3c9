/** How a test run tells its test processes where the stack is: the addresses as JSON in one variable. */

import type { StackAddresses } from './stack-types.ts'

/** The variable that `make test` sets for the processes that run tests. */
const TEST_STACK = 'TEST_STACK'

/** The stack this test process was given, or null when it was started without one. */
export function readTestStack(env: Readonly<Record<string, string | undefined>>): StackAddresses | null {
  const text = env[TEST_STACK]
  return text ? JSON.parse(text) : null
}

/** The environment for a test process: no address but the given stack's, so that no test touches other data. */
export function testEnv(env: Readonly<Record<string, string | undefined>>, stack: StackAddresses | null) {
  const rest = Object.entries(env).filter(
    ([name]) => !/^(DATABASE_.*|REDIS_URL|S3_.*|STACK|TEST_STACK)$/.test(name),
  )
  if (stack === null) return Object.fromEntries(rest)
  const { kind, databaseUrl, redisUrl, s3 } = stack
  return { ...Object.fromEntries(rest), [TEST_STACK]: JSON.stringify({ kind, databaseUrl, redisUrl, s3 }) }
}
