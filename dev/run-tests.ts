/**
 * `bun dev/run-tests.ts [unit] [integration] [journey] [-- arguments for bun test]`: runs the groups (all of them when
 * none is named) against one throw-away stack and ends with `N passed, N failed`.
 */

import { startChild } from './children.ts'
import { PROJECT_DIR } from './data-folder.ts'
import { onAskedToEnd } from './signals.ts'
import { type Stack, startStack } from './stack.ts'
import { addCounts, readCounts, readFailures, renderCounts, type TestCounts } from './test-counts.ts'
import { testEnv } from './test-stack.ts'

const GROUPS = {
  unit: {
    files: ['src/**/*.test.ts', 'dev/**/*.test.ts', 'test/*.test.ts', 'test/handlers/**/*.test.ts'],
    needsStack: false,
  },
  integration: { files: ['test/dev/**/*.test.ts', 'test/integration/**/*.test.ts'], needsStack: true },
  journey: { files: ['test/journeys/**/*.test.ts'], needsStack: true },
} as const

type Group = keyof typeof GROUPS
const isGroup = (name: string): name is Group => name in GROUPS

const separator = process.argv.indexOf('--')
const named = process.argv.slice(2, separator < 0 ? undefined : separator)
const extra = separator < 0 ? [] : process.argv.slice(separator + 1)
const unknown = named.filter((name) => !isGroup(name))
if (unknown.length > 0) {
  console.error(`unknown group ${unknown.join(', ')}; there are ${Object.keys(GROUPS).join(', ')}`)
  process.exit(2)
}
const chosen: readonly Group[] = named.length > 0 ? named.filter(isGroup) : ['unit', 'integration', 'journey']

const failures: string[] = []
let current: { stop(): Promise<unknown> } | null = null
let isAsked = false
onAskedToEnd(() => {
  isAsked = true
  void current?.stop()
})

/** Generous, as the machine may be busy: a test that waits for what never comes still ends. */
const TEST_MS_MAX = 60_000

/** Runs one `bun test` over the group's files, showing what it writes. */
async function runGroup(group: Group, stack: Stack | null): Promise<TestCounts> {
  const files = filesOf(group)
  if (files.length === 0 || isAsked) return { passed: 0, failed: 0, skipped: 0 }
  console.log(`\n── ${group}: ${files.length} files`)
  const color = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {}
  const child = startChild({
    name: group,
    command: [
      process.execPath,
      '--no-env-file',
      'test',
      `--timeout=${TEST_MS_MAX}`,
      ...extra,
      ...files.map((file) => `./${file}`),
    ],
    cwd: PROJECT_DIR,
    env: { ...testEnv(process.env, stack), ...color },
    output: 'pipe',
  })
  current = child
  const outputs = [child.stdout, child.stderr].map((stream) => (stream ? showAndKeep(stream) : ''))
  const code = await child.exited
  current = null
  const output = (await Promise.all(outputs)).join('\n')
  failures.push(...readFailures(output, code))
  return readCounts(output, code)
}

function filesOf(group: Group): string[] {
  const files = GROUPS[group].files.flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(PROJECT_DIR)])
  return [...new Set(files)].sort()
}

async function showAndKeep(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    process.stdout.write(chunk)
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}

async function runAll(): Promise<TestCounts> {
  const needsStack = chosen.some((group) => GROUPS[group].needsStack && filesOf(group).length > 0)
  // Comes up while the tests that need none are running.
  const starting = needsStack
    ? startStack({ dataDir: null, log: (line) => console.log(line) })
    : Promise.resolve(null)
  starting.catch(() => {})
  try {
    const counts: TestCounts[] = []
    for (const group of chosen) {
      counts.push(await runGroup(group, GROUPS[group].needsStack ? await starting : null))
    }
    return addCounts(counts)
  } finally {
    const stack = await starting.catch(() => null)
    await stack?.stop()
  }
}

const counts = await runAll().catch((error: unknown): TestCounts => {
  console.error(error instanceof Error ? error.message : error)
  return { passed: 0, failed: 1, skipped: 0 }
})
if (failures.length > 0) console.log(`\n── failed:\n\n${failures.join('\n\n')}`)
console.log(`\n${renderCounts(counts)}`)
process.exit(counts.failed > 0 || counts.passed === 0 || isAsked ? 1 : 0)
