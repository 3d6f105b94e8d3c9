/** What `make dev` writes: its own lines, and those of the processes under it, each marked with its name. */

const isTerminal = process.stdout.isTTY === true && !process.env.NO_COLOR
const paint = (code: number) => (text: string) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text)

export const dim = paint(2)
export const bold = paint(1)
export const red = paint(31)
const COLORS = [paint(36), paint(35), paint(33)]

export type Console = ReturnType<typeof openConsole>

/** Lines of children wait until `release`, so that a start shows one clean screen. */
export function openConsole() {
  // A terminal that was closed must not keep us from ending the children.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  let held: string[] | null = []
  const write = (line: string) => void process.stdout.write(`${line}\n`)
  const names: string[] = []
  return {
    say: (line: string) => write(line),
    step: (line: string) => write(dim(`  ${line}`)),
    child(name: string, line: string): void {
      if (!names.includes(name)) names.push(name)
      const color = COLORS[names.indexOf(name) % COLORS.length] ?? dim
      const marked = `${color(name.padEnd(6))} ${dim('|')} ${line}`
      if (held) held.push(marked)
      else write(marked)
    },
    release(): void {
      for (const line of held ?? []) write(line)
      held = null
    },
  }
}

/** Calls `onLine` for every line of a child's output, the last unfinished one too. */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
  if (rest !== '') onLine(rest)
}
