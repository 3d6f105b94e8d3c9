/** Runs what writes generated files and fails when that changes them: migrations and the OpenAPI document. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_DIR } from './data-folder.ts'

const GENERATED = ['drizzle/**/*', 'docs/openapi.json']
const GENERATORS = [
  { needs: 'src/platform/database/schema.ts', command: ['bun', 'x', 'drizzle-kit', 'generate'] },
  { needs: 'src/scripts/write-openapi.ts', command: ['bun', 'src/scripts/write-openapi.ts'] },
]

async function readGenerated(): Promise<Map<string, string>> {
  const digests = new Map<string, string>()
  for (const pattern of GENERATED) {
    for await (const file of new Bun.Glob(pattern).scan({ cwd: PROJECT_DIR, onlyFiles: true })) {
      const bytes = await Bun.file(join(PROJECT_DIR, file)).bytes()
      digests.set(file, createHash('sha256').update(bytes).digest('hex'))
    }
  }
  return digests
}

const before = await readGenerated()
for (const { needs, command } of GENERATORS) {
  if (!existsSync(join(PROJECT_DIR, needs))) continue
  const child = Bun.spawn(command, { cwd: PROJECT_DIR, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const output = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  if ((await child.exited) !== 0) {
    console.error(`${command.join(' ')} failed\n${output.join('\n')}`)
    process.exit(1)
  }
}
const after = await readGenerated()
const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
  (file) => before.get(file) !== after.get(file),
)
if (changed.length > 0) {
  console.error(
    `Generated files were not up to date; they are now, so look at them and commit them:\n${changed.map((file) => `  ${file}`).join('\n')}`,
  )
  process.exit(1)
}
console.log('generated files are up to date')
