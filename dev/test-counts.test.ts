import { describe, expect, test } from 'bun:test'
import { addCounts, readCounts, readFailures, renderCounts } from './test-counts.ts'

const summary = (lines: string) =>
  `(pass) a test named 7 fail\n\n${lines}\n 154 expect() calls\nRan 46 tests across 1 file. [5.30s]\n`

describe('the counts of a test run', () => {
  test('are those of the closing lines, coloured or not', () => {
    expect(readCounts(summary(' 44 pass\n 2 skip\n 1 fail'), 1)).toEqual({
      passed: 44,
      failed: 1,
      skipped: 2,
    })
    const coloured = summary('\u001b[32m 44 pass\u001b[0m\n\u001b[2m 0 fail\u001b[0m')
    expect(readCounts(coloured, 0)).toEqual({ passed: 44, failed: 0, skipped: 0 })
  })

  test('count an error between tests as a failure', () => {
    expect(readCounts(summary(' 3 pass\n 0 fail\n 2 errors'), 1).failed).toBe(2)
  })

  test('never call a run that ended badly a success', () => {
    expect(readCounts('Segmentation fault', 139)).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(readCounts(summary(' 3 pass\n 0 fail'), 1).failed).toBe(1)
  })

  test('add up to one line that names skipped tests only when there are some', () => {
    const [one, other] = [
      readCounts(summary(' 3 pass\n 0 fail'), 0),
      readCounts(summary(' 4 pass\n 1 fail\n 1 skip'), 1),
    ]
    expect(renderCounts(one)).toBe('3 passed, 0 failed')
    expect(renderCounts(addCounts([one, other]))).toBe('7 passed, 1 failed, 1 skipped')
  })
})

describe('what failed', () => {
  const output = [
    'src/a.test.ts:',
    '(pass) works',
    'error: expected 1',
    '      at src/a.test.ts:3:72',
    '\u001b[31m(fail)\u001b[0m breaks [0.14ms]',
    '(pass) works again',
    '',
    'test/b.test.ts:',
    '✗ breaks too',
    '',
    '2 tests failed:',
    '(fail) breaks [0.14ms]',
    '✗ breaks too',
  ].join('\n')

  test('is told with its file and its error, and with nothing of its neighbours', () => {
    expect(readFailures(output, 1)).toEqual([
      'src/a.test.ts:\nerror: expected 1\n      at src/a.test.ts:3:72\n(fail) breaks [0.14ms]',
      'test/b.test.ts:\n✗ breaks too',
    ])
  })

  test('is the end of the output of a process that named no test', () => {
    expect(readFailures('(pass) works\nSegmentation fault\n', 139)).toEqual(['Segmentation fault'])
    expect(readFailures('(pass) works\n', 0)).toEqual([])
  })

  test('is bounded for each test', () => {
    const [failure] = readFailures(`${'noise\n'.repeat(10_000)}(fail) breaks`, 1)
    expect(failure?.split('\n').length).toBeLessThan(50)
  })
})
