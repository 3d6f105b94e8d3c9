/** Collects log lines and hands them on together: measuring and queueing each alone costs more than writing it. */
export type LineBuffer = Readonly<{
  write(line: string): void
  /** Hands on what is collected, and calls back when it is written. */
  flush(done?: (error?: Error) => void): void
}>

type Target = Readonly<{ write(text: string): unknown; flush(done: (error?: Error) => void): void }>

const TEXT_LENGTH_MAX = 64 * 1024
const FLUSH_MS = 100

/** @param textLengthMax what is handed on together is no longer, unless a single line is */
export function createLineBuffer(target: Target, textLengthMax = TEXT_LENGTH_MAX): LineBuffer {
  let text = ''
  let timer: Timer | null = null
  const handOn = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (text === '') return
    target.write(text)
    text = ''
  }
  return {
    write(line) {
      if (text.length + line.length > textLengthMax) handOn()
      text += line
      timer ??= setTimeout(handOn, FLUSH_MS)
      timer.unref()
    },
    flush(done = () => undefined) {
      handOn()
      target.flush(done)
    },
  }
}
