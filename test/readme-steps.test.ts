import { describe, expect, test } from 'bun:test'
import { matchesAnswer, readSteps } from './walkthrough/read-steps'

const fence = '```'
const page = `# Page

${fence}sh
echo outside
${fence}

## Walkthrough

### 1. First

${fence}sh
A=1
echo "$A"
${fence}

${fence}text
1
${fence}

${fence}json
{ "not": "a step" }
${fence}

### 2. Second

${fence}sh
echo two
${fence}

## After

${fence}sh
echo after
${fence}
`

test('the README has the seven steps, each with a command', async () => {
  const readme = await Bun.file(`${import.meta.dir}/../README.md`).text()
  const numbers = readSteps(readme, 'Walkthrough').map((step) => Number.parseInt(step.heading, 10))
  expect([...new Set(numbers)]).toEqual([1, 2, 3, 4, 5, 6, 7])
})

describe('the steps of a page', () => {
  test('are the shell blocks of the section alone, each with the answer after it', () => {
    expect(readSteps(page, 'Walkthrough')).toEqual([
      { heading: '1. First', script: 'A=1\necho "$A"', expected: '1' },
      { heading: '2. Second', script: 'echo two', expected: null },
    ])
  })

  test('a missing section or one without a step is an error, not an empty success', () => {
    expect(() => readSteps(page, 'Nowhere')).toThrow('no section')
    expect(() => readSteps('## Empty\n\nWords.\n', 'Empty')).toThrow('no shell block')
  })

  test('an answer without a command is an error', () => {
    expect(() => readSteps(`## A\n${fence}text\n1\n${fence}\n`, 'A')).toThrow('without a command')
  })
})

describe('an answer', () => {
  test('holds when each line is as shown, with … for what changes', () => {
    expect(matchesAnswer('{"id":"0190","text":"hi"}\n', '{"id":"…","text":"hi"}')).toBe(true)
    expect(matchesAnswer('a\nb\nc', 'a\n…\nc')).toBe(true)
  })

  test('does not hold when a line is missing, more or different', () => {
    expect(matchesAnswer('{"id":"0190","text":"ho"}', '{"id":"…","text":"hi"}')).toBe(false)
    expect(matchesAnswer('a\nc', 'a\nb\nc')).toBe(false)
    expect(matchesAnswer('a\nb', 'a')).toBe(false)
  })

  test('signs that mean something to a regular expression mean themselves', () => {
    expect(matchesAnswer('a(b)', 'a(b)')).toBe(true)
    expect(matchesAnswer('axb', 'a.b')).toBe(false)
  })
})
