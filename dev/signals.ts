/** The ways in which a person or a supervisor asks a command of `dev/` to end. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PARENT_CHECK_MS = 500

/**
 * Calls `onEnd` once: on Ctrl-C, SIGTERM, when the terminal closes, and when the `make` that runs us is gone.
 * While it has not been called, nothing else reacts to these signals.
 */
export function onAskedToEnd(onEnd: (why: string) => void): void {
  let asked = false
  const ask = (why: string) => {
    if (asked) return
    asked = true
    onEnd(why)
  }
  for (const signal of SIGNALS) process.on(signal, () => ask(signal))
  if (!process.env.MAKELEVEL) return
  const parent = process.ppid
  // A make that is killed the hard way tells nobody.
  const timer = setInterval(() => {
    if (process.ppid !== parent) ask('make ended')
  }, PARENT_CHECK_MS)
  timer.unref()
}
