/** `bun test/browser/run.ts [arguments for bun test]`: drives the real service in Chromium; ends with `N passed, N failed`. */
import { startChild } from '../../dev/children.ts'
import { PROJECT_DIR } from '../../dev/data-folder.ts'
import { runScript } from '../../dev/scripts.ts'
import { onAskedToEnd } from '../../dev/signals.ts'
import { startStack } from '../../dev/stack.ts'
import { readCounts, renderCounts } from '../../dev/test-counts.ts'
import { findChromium } from './support/chromium.ts'
import { serviceVariables } from './support/service.ts'

const TEST_TIMEOUT_MS = 90_000

findChromium()
const stack = await startStack({ dataDir: null, log: (line) => console.log(line) })
const env = { ...process.env, ...stack.env() }
let text = ''
let code = 1
try {
  await runScript('src/scripts/migrate.ts', serviceVariables(env))
  const named = process.argv.slice(2)
  const files = named.length > 0 ? named : ['./test/browser/']
  const child = startChild({
    name: 'browser tests',
    command: [process.execPath, '--no-env-file', 'test', `--timeout=${TEST_TIMEOUT_MS}`, ...files],
    cwd: PROJECT_DIR,
    env,
    output: 'pipe',
  })
  onAskedToEnd(() => void child.stop())
  await Promise.all([child.stdout, child.stderr].map((stream) => (stream ? show(stream) : null)))
  code = await child.exited
} finally {
  await stack.stop()
}
const counts = readCounts(text, code)
console.log(`\n${renderCounts(counts)}`)
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0)

async function show(stream: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    process.stdout.write(chunk)
    text += decoder.decode(chunk, { stream: true })
  }
}
