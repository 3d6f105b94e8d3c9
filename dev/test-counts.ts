/** Reads what `bun test` writes: its closing lines, added up, and what failed. */

export type TestCounts = Readonly<{ passed: number; failed: number; skipped: number }>

const NOTHING: TestCounts = { passed: 0, failed: 0, skipped: 0 }

/**
 * Counts of one `bun test` process, from everything it wrote.
 *
 * @param exitCode a process that failed without naming a failed test counts as one failure
 */
export function readCounts(output: string, exitCode: number): TestCounts {
  // The last summary is the process's own.
  const plain = withoutColours(output)
  const last = (word: string) =>
    Number([...plain.matchAll(new RegExp(`^ *(\\d+) ${word}s?$`, 'gm'))].at(-1)?.[1] ?? 0)
  const failed = last('fail') + last('error')
  return {
    passed: last('pass'),
    skipped: last('skip') + last('todo'),
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
  }
}

/** The sum of several processes' counts. */
export function addCounts(all: readonly TestCounts[]): TestCounts {
  return all.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    NOTHING,
  )
}

/** The line a test run ends with. */
export function renderCounts({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** Enough for a test's name, its error and where that was thrown. */
const LINES_OF_A_FAILURE = 40

/**
 * What each failed test of one `bun test` process wrote, its file's name first: a long run shows it again at its end.
 *
 * @returns the last lines of the output when the process failed and named no test
 */
export function readFailures(output: string, exitCode: number): string[] {
  const failures: string[] = []
  let file = ''
  let lines: string[] = []
  // A long run of `bun test` names its failures a second time, without their errors.
  const [once = ''] = withoutColours(output).split(/^\d+ tests? failed:$/m)
  for (const line of once.split('\n')) {
    const header = /^(\S+\.test\.ts):$/.exec(line)?.[1]
    if (header) file = header
    else lines.push(line)
    if (/^(\(fail\)|✗) /.test(line))
      failures.push([`${file}:`, ...lines.slice(-LINES_OF_A_FAILURE)].join('\n'))
    if (header || /^(\((fail|pass|skip|todo)\)|[✗✓»✎]) /.test(line)) lines = []
  }
  if (failures.length === 0 && exitCode !== 0)
    failures.push(lines.slice(-LINES_OF_A_FAILURE).join('\n').trim())
  return failures
}

function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sign is what is looked for
  return text.replace(/\u001b\[[0-9;]*m/g, '')
}
