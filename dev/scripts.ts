/** Runs the service's own scripts against the stack. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { startChild } from './children.ts'
import { readLines } from './console.ts'
import { PROJECT_DIR } from './data-folder.ts'

type Env = Record<string, string | undefined>

/**
 * Runs a script of `src/scripts/` to its end, its output kept back unless it fails.
 *
 * @throws with the script's output when it does not end with 0
 */
export async function runScript(path: string, env: Env): Promise<void> {
  const lines: string[] = []
  const child = startChild({
    name: path,
    command: [process.execPath, path],
    cwd: PROJECT_DIR,
    env,
    output: 'pipe',
  })
  const outputs = [child.stdout, child.stderr].map((stream) =>
    stream ? readLines(stream, (line) => lines.push(line)) : null,
  )
  const code = await child.exited
  await Promise.all(outputs)
  if (code !== 0) throw new Error(`${path} ended with ${code}\n${lines.join('\n')}`)
}

/** Makes the demo accounts in a database that has no users yet. @returns whether it did */
export async function seedIfEmpty(databaseUrl: string, env: Env): Promise<boolean> {
  const script = 'src/scripts/seed.ts'
  if (!existsSync(join(PROJECT_DIR, script))) return false
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    const found = await sql`select 1 from users limit 1`
    if (found.length > 0) return false
  } finally {
    await sql.end({ timeout: 1 })
  }
  await runScript(script, env)
  return true
}
