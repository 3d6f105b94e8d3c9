/** `make walkthrough`: runs the README's steps in one shell, as a reader would paste them, and checks each answer. */
import { join } from 'node:path'
import { matchesAnswer, readSteps, type Step } from './read-steps'

const ROOT = join(import.meta.dir, '../..')
const TIME_OUT_MS = 180_000
const MARK = '@@end-of-step@@'

type Outcome = Readonly<{ step: Step; output: string; reached: boolean; passed: boolean }>

/** Runs all steps in one `bash`, which stops at the first command that fails. */
async function runSteps(
  steps: readonly Step[],
  baseUrl: string,
): Promise<{ outcomes: Outcome[]; errors: string }> {
  const script = steps.map((step) => `${step.script}\necho; echo '${MARK}'`).join('\n')
  const shell = Bun.spawn(['bash', '-euo', 'pipefail', '-c', script], {
    cwd: ROOT,
    env: { ...process.env, BASE_URL: baseUrl },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: TIME_OUT_MS,
  })
  const [output, errors] = await Promise.all([
    new Response(shell.stdout).text(),
    new Response(shell.stderr).text(),
  ])
  await shell.exited
  const outputs = output.split(`\n${MARK}\n`)
  const outcomes = steps.map((step, index) => {
    const reached = index < outputs.length - 1
    const text = (outputs[index] ?? '').trim()
    return { step, output: text, reached, passed: reached && matchesAnswer(text, step.expected ?? '…') }
  })
  return { outcomes, errors }
}

const baseUrl = process.env.BASE_URL || `http://localhost:${process.env.PORT || 3000}`
const steps = readSteps(await Bun.file(join(ROOT, 'README.md')).text(), 'Walkthrough')
const { outcomes, errors } = await runSteps(steps, baseUrl)
for (const { step, output, reached, passed } of outcomes) {
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${step.heading}`)
  if (passed) continue
  console.log(`--- command\n${step.script}`)
  if (step.expected !== null) console.log(`--- promised\n${step.expected}`)
  console.log(`--- came\n${output}${reached ? '' : `\n(stopped here)\n${errors}`}`)
  if (!reached) break
}
const failed = outcomes.filter((outcome) => !outcome.passed).length
console.log(`${outcomes.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
