/** Collects log lines and hands them on together: measuring and queueing each alone costs more than writing it. */
export type LineBuffer = Readonly<{
  write(line: string): void
  /** The same for a line that is put together when it is handed on: many in a row cost less than each when it comes. */
  writeLater(line: () => string): void
  /** Hands on what is collected, and calls back when it is written. */
  flush(done?: (error?: Error) => void): void
}>

type Target = Readonly<{ write(text: string): unknown; flush(done: (error?: Error) => void): void }>

const TEXT_LENGTH_MAX = 64 * 1024
/** About as many as fill a text. */
const LINES_MAX = 256
const FLUSH_MS = 100

/** @param textLengthMax what is handed on together is no longer, unless a single line is */
export function createLineBuffer(target: Target, textLengthMax = TEXT_LENGTH_MAX): LineBuffer {
  let lines: (string | (() => string))[] = []
  let timer: Timer | null = null
  const handOn = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    const collected = lines
    lines = []
    let text = ''
    for (const item of collected) {
      const line = typeof item === 'string' ? item : item()
      if (text !== '' && text.length + line.length > textLengthMax) {
        target.write(text)
        text = ''
      }
      text += line
    }
    if (text !== '') target.write(text)
  }
  const add = (item: string | (() => string)) => {
    if (lines.push(item) >= LINES_MAX) {
      handOn()
    } else if (timer === null) {
      timer = setTimeout(handOn, FLUSH_MS)
      timer.unref()
    }
  }
  return {
    write: add,
    writeLater: add,
    flush(done = () => undefined) {
      handOn()
      target.flush(done)
    },
  }
}
