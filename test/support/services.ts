/** The one stack for a run: the given one, or an embedded one of this process's own. */
import { join } from 'node:path'
import { type StackAddresses, stackEnv } from '../../dev/stack-types.ts'
import { readTestStack, testEnv } from '../../dev/test-stack.ts'
import { WIDE_LIMITS } from '../../dev/wide-limits.ts'

// Test files do not share modules, but they share the process.
const SLOT = Symbol.for('stories.test-stack')
const shared = globalThis as { [SLOT]?: Promise<StackAddresses> }

/** Where PostgreSQL, Redis and the bucket are; the first call may have to start them. */
export function testStack(): Promise<StackAddresses> {
  shared[SLOT] ??= findStack()
  return shared[SLOT]
}

async function findStack(): Promise<StackAddresses> {
  const given = readTestStack(process.env)
  if (given !== null) return given
  const keeper = Bun.spawn([process.execPath, '--no-env-file', join(import.meta.dir, 'stack-keeper.ts')], {
    env: { ...testEnv(process.env, null), STACK: 'embedded' },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  keeper.unref()
  const reader = keeper.stdout.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes('\n')) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`The test stack did not start: ${text}`)
    text += decoder.decode(value, { stream: true })
  }
  return JSON.parse(text)
}

/** The service's variables for tests: wide limits and no log lines, unless a test says otherwise. */
export function serviceEnv(stack: StackAddresses, databaseUrl: string): Record<string, string> {
  return {
    ...stackEnv(stack),
    DATABASE_URL: databaseUrl,
    JWT_SECRET: 'tests-only-tests-only-tests-only-tests-only',
    LOG_LEVEL: 'silent',
    // Steered clocks may go on for hours.
    ACCESS_TOKEN_TTL_SECONDS: '86400',
    ...WIDE_LIMITS,
  }
}
