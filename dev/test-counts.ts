/** Reads the closing lines of `bun test` and adds them up. */

export type TestCounts = Readonly<{ passed: number; failed: number; skipped: number }>

const NOTHING: TestCounts = { passed: 0, failed: 0, skipped: 0 }

/**
 * Counts of one `bun test` process, from everything it wrote.
 *
 * @param exitCode a process that failed without naming a failed test counts as one failure
 */
export function readCounts(output: string, exitCode: number): TestCounts {
  // Coloured output marks each number; the last summary is the process's own.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sign is what is looked for
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '')
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
