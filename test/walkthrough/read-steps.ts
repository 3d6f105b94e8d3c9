/** One step of the page: a shell block, and the answer that the page promises for it. */
export type Step = Readonly<{ heading: string; script: string; expected: string | null }>

const FENCE = /^```(\w*)$/

/**
 * Takes the steps out of a Markdown page: every `sh` block of the section, each with the `text` block after it.
 *
 * @param markdown the whole page
 * @param section the heading (level 2) whose blocks are wanted
 * @throws Error when the section is missing, has no step, or holds a `text` block that no `sh` block precedes
 */
export function readSteps(markdown: string, section: string): Step[] {
  const lines = markdown.split('\n')
  const start = lines.indexOf(`## ${section}`)
  if (start < 0) throw new Error(`the page has no section "${section}"`)
  const steps: Step[] = []
  let heading = section
  let language: string | null = null
  let block: string[] = []
  for (const line of lines.slice(start + 1)) {
    if (language === null) {
      if (line.startsWith('## ')) break
      if (line.startsWith('### ')) heading = line.slice(4)
      const fence = FENCE.exec(line)
      if (fence) {
        language = fence[1] ?? ''
        block = []
      }
    } else if (line === '```') {
      addBlock(steps, heading, language, block.join('\n'))
      language = null
    } else {
      block.push(line)
    }
  }
  if (steps.length === 0) throw new Error(`the section "${section}" has no shell block`)
  return steps
}

function addBlock(steps: Step[], heading: string, language: string, text: string): void {
  if (language === 'sh') steps.push({ heading, script: text, expected: null })
  if (language !== 'text') return
  const last = steps.pop()
  if (!last || last.expected !== null) throw new Error(`"${heading}" promises an answer without a command`)
  steps.push({ ...last, expected: text })
}

/** Whether an output is what the page shows, where `…` stands for anything within a line, and alone for any lines. */
export function matchesAnswer(output: string, expected: string): boolean {
  const pattern = expected
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?.*' : line.split('…').map(escapeForRegExp).join('.*?')))
    .join('\\n')
  return new RegExp(`^${pattern}$`).test(output.trim())
}

const escapeForRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
