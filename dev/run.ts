/**
 * `bun dev/run.ts [--migrate] command…`: runs a command with the stack's environment. Joins the stack of a running
 * `make dev`; otherwise starts one on the same data for as long as the command takes (`--migrate`: with the schema).
 */

import { DATA_DIR, holdFolder, PROJECT_DIR, readHolder } from './data-folder.ts'
import { runScript } from './scripts.ts'
import { serviceEnv } from './service-env.ts'
import { onAskedToEnd } from './signals.ts'
import { startStack } from './stack.ts'

type Env = Record<string, string | undefined>

/** Runs the command on our terminal; signals reach it too. @returns its exit code */
async function runCommand(command: readonly string[], env: Env): Promise<number> {
  const child = Bun.spawn([...command], { cwd: PROJECT_DIR, env, stdio: ['inherit', 'inherit', 'inherit'] })
  onAskedToEnd(() => child.kill('SIGTERM'))
  return child.exited
}

async function runWithOwnStack(command: readonly string[], migrateFirst: boolean): Promise<number> {
  const folder = holdFolder(DATA_DIR)
  try {
    const stack = await startStack({ dataDir: DATA_DIR, log: (line) => console.error(`  ${line}`) })
    try {
      const env = serviceEnv(DATA_DIR, stack.env())
      if (migrateFirst) await runScript('src/scripts/migrate.ts', env)
      return await runCommand(command, env)
    } finally {
      await stack.stop()
    }
  } finally {
    folder.release()
  }
}

const args = process.argv.slice(2)
const migrateFirst = args[0] === '--migrate'
const command = args.slice(migrateFirst ? 1 : 0)
if (command[0] === '--') command.shift()
if (command.length === 0) {
  console.error('usage: bun dev/run.ts [--migrate] command…')
  process.exit(2)
}
const running = readHolder(DATA_DIR)
if (running && running.env === null) {
  console.error(`Process ${running.pid} is starting or ending a stack here; try again in a moment.`)
  process.exit(1)
}
const code = running?.env
  ? await runCommand(command, { ...process.env, ...running.env })
  : await runWithOwnStack(command, migrateFirst).catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error)
      return 1
    })
process.exit(code)
